-- Messages to people: what became of each that must not be sent twice, and how fast a channel
-- may be spoken to.
begin;
set local role scribe_owner;

-- The one Slack message of a session. A webhook has no idempotency key, so "sending" is committed
-- before the request leaves: whoever finds it there cannot know whether the message arrived, and
-- does not send it again by itself.
create table slack_alerts (
	session_id uuid primary key references sessions on delete cascade,
	state      text not null default 'waiting'
	           check (state in ('waiting', 'sending', 'sent', 'uncertain', 'refused')),
	attempt    integer not null default 0 check (attempt >= 0), -- of the job that sends it
	sent_at    timestamptz,
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now()
);
create trigger slack_alerts_updated before update on slack_alerts
	for each row execute function set_updated_at();

-- One row per channel, shared by all workers of all hosts.
create table send_paces (
	channel    text primary key check (char_length(channel) between 1 and 50),
	next_at    timestamptz not null default '-infinity', -- nobody sends before
	held_until timestamptz not null default '-infinity'  -- the other side asked for silence
) with (fillfactor = 50); -- rewritten with each message

grant select, insert on slack_alerts to scribe_app;
grant update (state, attempt, sent_at, updated_at) on slack_alerts to scribe_app;
grant select, insert on send_paces to scribe_app;
grant update (next_at, held_until) on send_paces to scribe_app;

commit;
