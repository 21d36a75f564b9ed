begin;

select id, hash, sealed, mail_queued_at, refused_at, former_signups, created_at
	from mailboxes where false;
select mailbox_id, made_by, is_contested, mail_counted_at from email_signups where false;
select day, day_n from send_paces where false;
select 1 / (count(*) = 1)::int from pg_constraint
	where conrelid = 'mailboxes'::regclass and contype = 'u';
select 1 / (count(*) = 1)::int from pg_constraint
	where conrelid = 'email_signups'::regclass and confrelid = 'mailboxes'::regclass
		and confdeltype = 'a';
select 1 / (count(*) = 2)::int from pg_constraint
	where conrelid = 'email_signups'::regclass and confrelid = 'sessions'::regclass
		and confdeltype = 'n';
select 1 / (has_column_privilege('scribe_app', 'mailboxes', 'refused_at', 'update')
	and not has_column_privilege('scribe_app', 'mailboxes', 'hash', 'update')
	and not has_table_privilege('scribe_app', 'mailboxes', 'delete')
	and has_column_privilege('scribe_app', 'email_signups', 'is_contested', 'update')
	and not has_column_privilege('scribe_app', 'email_signups', 'made_by', 'update')
	and has_column_privilege('scribe_app', 'send_paces', 'day_n', 'update'))::int;
select 1 / has_function_privilege('scribe_app', 'same_visitor(uuid, uuid)', 'execute')::int;
select 1 / indisvalid::int from pg_index where indexrelid in ('mailboxes_former_idx'::regclass,
	'email_signups_mailbox_idx'::regclass, 'email_signups_maker_idx'::regclass);

rollback;
