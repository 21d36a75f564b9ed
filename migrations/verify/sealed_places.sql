begin;

select 1 / (position('''sealed'', name' in prosrc) > 0)::int from pg_proc
	where oid = 'session_names(uuid)'::regprocedure;
select 1 / (session_names(gen_random_uuid()) is null)::int;

rollback;
