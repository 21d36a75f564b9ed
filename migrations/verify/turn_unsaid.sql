begin;

select unsaid from turn_answers where false;
select 1 / (not has_column_privilege('scribe_app', 'turn_answers', 'unsaid', 'update'))::int;
select 1 / (attstorage = 'e')::int from pg_attribute
	where attrelid = 'turn_answers'::regclass and attname = 'unsaid';
select 1 / (count(*) = 1)::int from pg_constraint where conname = 'turn_answers_one_check';
select 1 / (has_function_privilege('scribe_app', oid, 'execute')
	and not has_function_privilege('scribe_rest', oid, 'execute')
	and prosecdef and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'])::int
	from pg_proc
	where oid = 'turn_take_over(uuid, bigint, uuid, uuid, timestamptz)'::regprocedure;

rollback;
