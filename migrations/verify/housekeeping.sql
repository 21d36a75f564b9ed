begin;

select 1 / (has_function_privilege('scribe_app', 'purge_expired(integer)', 'execute')
	and not has_function_privilege('scribe_user', 'purge_expired(integer)', 'execute'))::int;
-- Without any setting proconfig is null, which must not pass.
select 1 / (prosecdef and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'])::int
	from pg_proc where oid = 'purge_expired(integer)'::regprocedure;
select 1 / (count(*) = 5)::int from purge_expired(1);

rollback;
