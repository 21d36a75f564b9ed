begin;

select 1 / (count(*) = 3)::int from retention where removes_from is not null and days >= 0;
-- The programs read and write it by the functions only.
select 1 / (not has_table_privilege('scribe_app', 'retention', 'select, insert, update, delete')
	and not has_any_column_privilege('scribe_app', 'retention', 'update')
	and has_function_privilege('scribe_app', 'retention_due(text, integer, integer)', 'execute')
	and has_function_privilege('scribe_app', 'retention_remove(text, integer, integer)', 'execute')
	and not has_function_privilege('scribe_app', 'remove_session(uuid, bigint)', 'execute'))::int;
select 1 / (count(*) = 2)::int from pg_proc where prosecdef
	and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'] and oid in
		('retention_due(text, integer, integer)'::regprocedure,
		'retention_remove(text, integer, integer)'::regprocedure);
select 1 / ('lock_timeout=50ms' = any (proconfig))::int from pg_proc
	where oid = 'retention_remove(text, integer, integer)'::regprocedure;
select 1 / (pg_get_expr(indpred, indrelid) = '(ended_at IS NOT NULL)' and indisvalid)::int
	from pg_index where indexrelid = 'sessions_ended_idx'::regclass;
select 1 / (count(*) = 2)::int from pg_trigger where tgenabled = 'O'
	and (tgrelid, tgname) in (('sessions'::regclass, 'sessions_used'),
		('audit_log'::regclass, 'audit_log_no_removal'));

rollback;
