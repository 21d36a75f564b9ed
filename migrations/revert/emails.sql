begin;
drop table email_signups;
commit;
