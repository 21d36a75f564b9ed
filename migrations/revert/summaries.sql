begin;
drop table summaries;
commit;
