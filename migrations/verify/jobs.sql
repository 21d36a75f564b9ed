begin;

select id, kind, key, payload, session_id, state, run_at, attempts, max_attempts, leased_by,
	leased_until, last_error, created_at, finished_at from jobs where false;
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'jobs_waiting_key'
	and indexdef like 'CREATE UNIQUE INDEX%(kind, key) WHERE (state = %ready%';
select 1 / (count(*) = 4)::int from pg_indexes where indexname in ('jobs_claim_idx',
	'jobs_lease_idx', 'jobs_done_idx', 'jobs_session_idx');
select 1 / (count(*) = 2)::int from pg_trigger where tgrelid = 'jobs'::regclass
	and tgfoid = 'jobs_notify()'::regprocedure and tgenabled = 'O';
select 1 / (has_table_privilege('scribe_app', 'jobs', 'insert')
	and has_column_privilege('scribe_app', 'jobs', 'state', 'update')
	and not has_column_privilege('scribe_app', 'jobs', 'kind', 'update')
	and not has_table_privilege('scribe_app', 'jobs', 'delete'))::int;

rollback;
