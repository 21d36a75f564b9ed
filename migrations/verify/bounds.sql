begin;

select 1 / (has_function_privilege('scribe_app', 'trim_session(uuid, integer)', 'execute')
	and not has_function_privilege('scribe_user', 'trim_session(uuid, integer)', 'execute'))::int;
select 1 / (prosecdef and coalesce(proconfig, '{}')
	@> array['search_path=public, pg_temp', 'lock_timeout=50ms'])::int
	from pg_proc where oid = 'trim_session(uuid, integer)'::regprocedure;
select 1 / (pg_get_expr(indpred, indrelid) like '%> 8192)' and indisvalid)::int
	from pg_index where indexrelid = 'memories_large_idx'::regclass;

rollback;
