begin;

select day, payer, requests, tokens, characters, audio_ms from ledger where false;
select 1 / (has_table_privilege('scribe_app', 'ledger', 'select')
	and has_table_privilege('scribe_app', 'ledger', 'insert')
	and not has_table_privilege('scribe_app', 'ledger', 'delete')
	and has_column_privilege('scribe_app', 'ledger', 'tokens', 'update')
	and not has_column_privilege('scribe_app', 'ledger', 'payer', 'update')
	and has_function_privilege('scribe_app', 'purge_ledger(integer)', 'execute')
	and not has_function_privilege('scribe_user', 'purge_ledger(integer)', 'execute'))::int;
select 1 / (relpersistence = 'p')::int from pg_class where oid = 'ledger'::regclass;
select 1 / (prosecdef and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'])::int
	from pg_proc where oid = 'purge_ledger(integer)'::regprocedure;

rollback;
