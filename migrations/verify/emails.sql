begin;

select id, email, email_hash, name, signup_type, status, session_id, mail_queued_at, mail_sent_at,
	confirmed_at, unsubscribed_at, bounced_at, created_at, updated_at
	from email_signups where false;
select 1 / (count(*) = 1)::int from pg_constraint
	where conrelid = 'email_signups'::regclass and contype = 'u';
select 1 / (count(*) = 2)::int from information_schema.columns
	where table_schema = 'public' and table_name = 'email_signups'
		and domain_name = 'sealed_text';
select 1 / (has_table_privilege('scribe_app', 'email_signups', 'insert')
	and has_column_privilege('scribe_app', 'email_signups', 'status', 'update')
	and not has_column_privilege('scribe_app', 'email_signups', 'email', 'update')
	and not has_table_privilege('scribe_app', 'email_signups', 'delete'))::int;

rollback;
