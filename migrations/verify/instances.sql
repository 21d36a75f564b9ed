begin;

select id, host, pid, program, started_at, beat_at from instances where false;
select instance, claim from turns where false;
select instance, claim from idempotency_keys where false;
select 1 / (has_table_privilege('scribe_app', 'instances', 'delete')
	and has_column_privilege('scribe_app', 'instances', 'beat_at', 'update')
	and not has_column_privilege('scribe_app', 'instances', 'id', 'update')
	and has_column_privilege('scribe_app', 'idempotency_keys', 'claim', 'update')
	and not has_column_privilege('scribe_app', 'turns', 'claim', 'update')
	and has_function_privilege('scribe_app', 'is_held(uuid, timestamptz)', 'execute'))::int;
select 1 / indisvalid::int from pg_index where indexrelid = 'idempotency_keys_claim_idx'::regclass;
select 1 / (is_held(null, '-infinity') and is_held(gen_random_uuid(), now())
	and not is_held(gen_random_uuid(), now() - interval '2 seconds'))::int;

rollback;
