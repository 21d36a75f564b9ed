begin;
drop table jobs;
drop function jobs_notify();
commit;
