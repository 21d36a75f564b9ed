begin;

select id, at, actor, action, subject, session_id, detail from audit_log where false;
select 1 / (has_column_privilege('scribe_app', 'audit_log', 'actor', 'insert')
	and not has_table_privilege('scribe_app', 'audit_log', 'select')
	and not has_table_privilege('scribe_app', 'audit_log', 'update')
	and not has_table_privilege('scribe_app', 'audit_log', 'delete'))::int;
select 1 / (count(*) = 1)::int from pg_trigger where tgrelid = 'audit_log'::regclass
	and tgname = 'audit_log_no_change' and tgenabled = 'O';

rollback;
