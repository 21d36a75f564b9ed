begin;
drop function purge_expired(integer);
commit;
