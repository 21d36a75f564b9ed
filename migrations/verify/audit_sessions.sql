begin;

select 1 / (indisvalid and pg_get_indexdef(indexrelid) like '%gin (audit\_sessions(subject, detail)%')::int
	from pg_index where indexrelid = 'audit_log_sessions_idx'::regclass;

rollback;
