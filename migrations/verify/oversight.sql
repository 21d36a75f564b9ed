begin;

select id, kind, state, attempts, max_attempts, run_at, created_at, error from jobs_told where false;
select 1 / (coalesce(reloptions, '{}') @> array['security_barrier=true']
		and pg_get_viewdef(oid) like '%person\_role() AS person\_role) = ANY (ARRAY[''owner''%''admin''%'
		and relowner = 'scribe_owner'::regrole
		and has_table_privilege('scribe_rest', oid, 'select')
		and not has_table_privilege('scribe_rest', oid, 'insert, update, delete')
		and not has_table_privilege('scribe_app', oid, 'select'))::int
	from pg_class where oid = 'jobs_told'::regclass;
select 1 / (not has_any_column_privilege('scribe_rest', 'jobs', 'select')
	and not has_any_column_privilege('scribe_rest', 'audit_log', 'select')
	and not has_any_column_privilege('scribe_app', 'audit_log', 'select'))::int;
select 1 / (prosecdef and proconfig = array['search_path=public, pg_temp']
		and prosrc like '%person\_role() not in (''owner'', ''admin'')%'
		and has_function_privilege('scribe_rest', oid, 'execute')
		and not has_function_privilege('scribe_app', oid, 'execute'))::int
	from pg_proc where oid = 'audit_told(integer, bigint, uuid)'::regprocedure;
select 1 / (prosecdef and prosrc like '%sessions\_of\_rows(which, ids)%')::int
	from pg_proc where oid = 'person_audit(text, text, uuid[], text)'::regprocedure;
select 1 / (not has_function_privilege('scribe_rest', 'sessions_of_rows(text, uuid[])', 'execute'))::int;
select 1 / (provolatile = 'i')::int from pg_proc where oid = 'audit_sessions(text, jsonb)'::regprocedure;

rollback;
