begin;
drop table events, extracts, turns, utterances, sessions;
commit;
