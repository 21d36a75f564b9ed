begin;
drop table profiles;
commit;
