begin;

select session_id, state, attempt, sent_at, created_at, updated_at from slack_alerts where false;
select channel, next_at, held_until from send_paces where false;
select 1 / (count(*) = 1)::int from pg_constraint
	where conrelid = 'slack_alerts'::regclass and contype = 'f' and confdeltype = 'c';
select 1 / (has_table_privilege('scribe_app', 'slack_alerts', 'insert')
	and has_column_privilege('scribe_app', 'slack_alerts', 'state', 'update')
	and not has_column_privilege('scribe_app', 'slack_alerts', 'session_id', 'update')
	and not has_table_privilege('scribe_app', 'slack_alerts', 'delete'))::int;
select 1 / (has_table_privilege('scribe_app', 'send_paces', 'insert')
	and has_column_privilege('scribe_app', 'send_paces', 'next_at', 'update')
	and not has_table_privilege('scribe_app', 'send_paces', 'delete'))::int;

rollback;
