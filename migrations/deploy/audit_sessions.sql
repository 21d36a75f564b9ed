-- Who saw something of a session is found without reading the whole log. Built while turns go on, which
-- may take a while and break off.
set lock_timeout = '0';
select format('drop index concurrently %s', indexrelid::regclass) from pg_index
	where indexrelid = to_regclass('audit_log_sessions_idx') and not indisvalid \gexec
create index concurrently if not exists audit_log_sessions_idx on audit_log
	using gin (audit_sessions(subject, detail) jsonb_path_ops) where detail ? 'ids';
reset lock_timeout;
