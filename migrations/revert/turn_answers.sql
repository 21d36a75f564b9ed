begin;
drop table turn_answers;
commit;
