begin;

select function, scope, key_hash, payload_hash, state, locked_until, session_id, status,
	content_type, body, created_at, expires_at from idempotency_keys where false;
select caller_hash, day, requests, tokens from chat_budgets where false;
select 1 / (has_table_privilege('scribe_app', 'idempotency_keys', 'delete')
	and has_column_privilege('scribe_app', 'idempotency_keys', 'body', 'update')
	and not has_column_privilege('scribe_app', 'idempotency_keys', 'key_hash', 'update')
	and has_column_privilege('scribe_app', 'chat_budgets', 'tokens', 'update')
	and not has_table_privilege('scribe_app', 'chat_budgets', 'delete'))::int;
select 1 / (count(*) = 2)::int from pg_constraint where contype = 'p'
	and conrelid in ('idempotency_keys'::regclass, 'chat_budgets'::regclass);

rollback;
