begin;
drop index memories_large_idx;
drop function trim_session(uuid, integer);
commit;
