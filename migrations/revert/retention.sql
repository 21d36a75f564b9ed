begin;
drop function retention_remove(text, integer, integer);
drop function retention_due(text, integer, integer);
drop function remove_session(uuid, bigint);
drop trigger audit_log_no_removal on audit_log;
create or replace function audit_log_is_final() returns trigger language plpgsql as $$
begin
	raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;
drop function retention_cutoff(text, integer);
drop trigger sessions_used on sessions;
drop function sessions_keep_use();
drop index sessions_ended_idx;
drop table retention;
commit;
