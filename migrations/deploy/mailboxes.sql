-- Mail only to those who want it, and a sign-up of a session only once its address is confirmed.
--
-- One mailbox has many addresses: letters in either case, "+tags", dots where its provider ignores
-- them. How often it is written to, and that its owner wants no mail, is kept for the mailbox. It is
-- known by a keyed hash of a digest of its canonical address; the digest rests sealed beside it, so
-- that a new key can make the hash anew when nothing knows the address any more: somebody may be
-- forgotten and still not be written to.
begin;
set local role scribe_owner;

create table mailboxes (
	id             uuid primary key default gen_random_uuid(),
	hash           hash32 not null unique,
	sealed         sealed_text not null,
	mail_queued_at timestamptz, -- of the newest mail to any of its addresses
	refused_at     timestamptz, -- its owner wants no mail, until they say otherwise by a link of ours
	-- Sign-ups that were forgotten: the links in their mails still decide.
	former_signups uuid[] not null default '{}',
	created_at     timestamptz not null default now()
);
create index mailboxes_former_idx on mailboxes using gin (former_signups)
	where former_signups <> '{}';

alter table email_signups
	add column mailbox_id uuid references mailboxes, -- null: from before, to be placed by a job
	-- The session that gave the address, if it was the first to. Until the address is confirmed it
	-- proves nothing; then it becomes session_id, unless others gave the address too.
	add column made_by uuid references sessions on delete set null,
	add column is_contested boolean not null default false,
	-- When its newest mail took its place in the day's total.
	add column mail_counted_at timestamptz;
create index email_signups_mailbox_idx on email_signups (mailbox_id);
create index email_signups_maker_idx on email_signups (made_by) where made_by is not null;

-- How many messages a channel has had on a day (UTC), for those that are limited.
alter table send_paces
	add column day date,
	add column day_n integer not null default 0 check (day_n >= 0);

-- Are both sessions one visitor's, as far as that is proven? False where one is null.
create function same_visitor(one uuid, other uuid) returns boolean
language plpgsql stable parallel safe as $$
begin
	return exists (select from sessions a join sessions b on b.memory_owner = a.memory_owner
		where a.id = one and b.id = other);
end
$$;
grant execute on function same_visitor(uuid, uuid) to scribe_app;

grant select, insert on mailboxes to scribe_app;
grant update (mail_queued_at, refused_at) on mailboxes to scribe_app;
grant update (mailbox_id, is_contested, mail_counted_at) on email_signups to scribe_app;
grant update (day, day_n) on send_paces to scribe_app;

-- A sign-up that was there already was given to whichever session named its address; who made it is
-- on record.
update email_signups m set made_by = a.session_id
	from audit_log a join sessions s on s.id = a.session_id
	where a.subject = 'email_signups:' || m.id and a.action = 'contact_added';
update email_signups set session_id = null
	where session_id is not null
		and (confirmed_at is null or made_by is distinct from session_id);

insert into jobs (kind, key)
	select 'place_mailboxes', 'all' where exists (select from email_signups)
	on conflict (kind, key) where state = 'ready' do nothing;

commit;
