begin;
drop table utterance_vectors;
commit;
