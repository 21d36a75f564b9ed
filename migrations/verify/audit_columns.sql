begin;

select 1 / (has_column_privilege('scribe_app', 'audit_log', 'actor', 'insert')
	and has_column_privilege('scribe_app', 'audit_log', 'action', 'insert')
	and has_column_privilege('scribe_app', 'audit_log', 'subject', 'insert')
	and has_column_privilege('scribe_app', 'audit_log', 'session_id', 'insert')
	and not has_column_privilege('scribe_app', 'audit_log', 'at', 'insert')
	and not has_column_privilege('scribe_app', 'audit_log', 'detail', 'insert'))::int;

rollback;
