-- Sign-ups. The address is sealed; its keyed hash (of the normalised address) makes it unique
-- whatever its case.
begin;
set local role scribe_owner;

create table email_signups (
	id              uuid primary key default gen_random_uuid(),
	email           sealed_text not null,
	email_hash      hash32 not null unique,
	name            sealed_text,
	signup_type     text not null default 'waitlist'
	                check (char_length(signup_type) between 1 and 50),
	status          text not null default 'active'
	                check (status in ('active', 'confirmed', 'unsubscribed', 'bounced')),
	-- Where it was given. The sign-up stands for itself and outlives the session; forgetting a
	-- visitor deletes it by this column first.
	session_id      uuid references sessions on delete set null,
	mail_queued_at  timestamptz, -- of the newest confirmation mail: repeats wait seven days
	mail_sent_at    timestamptz,
	confirmed_at    timestamptz,
	unsubscribed_at timestamptz,
	bounced_at      timestamptz,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now()
);
create index email_signups_session_idx on email_signups (session_id) where session_id is not null;
create index email_signups_created_idx on email_signups (created_at desc);
create trigger email_signups_updated before update on email_signups
	for each row execute function set_updated_at();

grant select, insert on email_signups to scribe_app;
grant update (name, signup_type, status, session_id, mail_queued_at, mail_sent_at, confirmed_at,
	unsubscribed_at, bounced_at, updated_at) on email_signups to scribe_app;

commit;
