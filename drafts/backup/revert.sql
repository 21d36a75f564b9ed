begin;
drop table backup_times;
commit;
