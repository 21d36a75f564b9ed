begin;
drop function realtime_tell() cascade;
commit;
