begin;

select 1 / (pg_get_functiondef(oid) like '%abandoned%'
	and has_function_privilege('scribe_app', oid, 'execute')
	and not has_function_privilege('scribe_rest', oid, 'execute')
	and prosecdef and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'])::int
	from pg_proc
	where oid = 'turn_take_over(uuid, bigint, uuid, uuid, timestamptz)'::regprocedure;

rollback;
