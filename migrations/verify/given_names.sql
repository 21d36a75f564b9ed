begin;

select id, session_id, name from given_names where false;
select 1 / (prosrc ~ 'given_names')::int from pg_proc
	where oid = 'session_names(uuid)'::regprocedure;
select 1 / (has_table_privilege('scribe_app', 'given_names', 'insert')
	and not has_table_privilege('scribe_app', 'given_names', 'delete'))::int;
select 1 / indisvalid::int from pg_index where indexrelid = 'given_names_session_idx'::regclass;

rollback;
