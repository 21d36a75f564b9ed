-- Sessions and what is said in them.
begin;
set local role scribe_owner;

create table sessions (
	id                  uuid primary key default gen_random_uuid(),
	created_by          uuid,
	-- A visitor without an id of their own gets one nobody knows, good for no recall.
	visitor_id          text not null default gen_random_uuid()::text
	                    check (char_length(visitor_id) between 1 and 200),
	started_at          timestamptz not null default now(),
	ended_at            timestamptz,
	channel             text not null default 'web'
	                    check (char_length(channel) between 1 and 50),
	consent             boolean not null default false,
	final_intent        text check (final_intent in ('consulting_inquiry', 'collaboration',
	                    'media_request', 'speaking_request', 'job_opportunity',
	                    'product_feedback', 'partnership_vendor', 'advice_request',
	                    'supporter_fan')),
	lead_score          integer not null default 0 check (lead_score between 0 and 100),
	lead_turn           bigint, -- the turn that gave lead_score and final_intent
	lead_reasons        text[] not null default '{}',
	slack_alerted_at    timestamptz, -- set once, with the one Slack job
	email               sealed_text,
	email_hash          hash32, -- keyed; equality without opening email
	contact_name        sealed_text,
	cta_chosen          text check (char_length(cta_chosen) <= 200),
	notes               sealed_text,
	created_at          timestamptz not null default now(),
	updated_at          timestamptz not null default now(),
	current_mode        text not null default 'professional' check (current_mode in ('william',
	                    'entrepreneur', 'professional', 'mentor', 'storyteller', 'futurist',
	                    'interviewer')),
	secret_hash         hash32 not null,
	last_active_at      timestamptz not null default now(), -- the idle life slides from here
	turn                bigint not null default 0 check (turn >= 0), -- the newest turn begun
	proactive_count     integer not null default 0 check (proactive_count >= 0), -- in a row
	rate_window         timestamptz not null default now(), -- start of the counted minute
	rate_count          integer not null default 0,
	utterance_count     integer not null default 0,
	summarized_count    integer not null default 0, -- utterance_count at the last summary
	summarized_position bigint not null default 0, -- utterances.position summarised up to
	-- Who may recall what is said here: the visitor in all their sessions, if they agreed and
	-- their id is a UUID (it acts as a bearer secret), else this session alone. The prefix
	-- keeps a visitor id that equals somebody's session id apart from that session.
	memory_owner        text not null generated always as (
		case when consent and visitor_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
			then 'v:' || lower(visitor_id)
			else 's:' || id::text
		end) stored,
	unique (id, memory_owner),
	check ((email is null) = (email_hash is null))
) with (fillfactor = 80); -- each turn updates its session: room for that on the same page

create index sessions_visitor_idx on sessions (visitor_id);
create index sessions_started_idx on sessions (started_at desc);
create index sessions_score_idx on sessions (lead_score desc, started_at desc);
create index sessions_email_idx on sessions (email_hash) where email_hash is not null;
create index sessions_idle_idx on sessions (last_active_at) where ended_at is null;

create trigger sessions_updated before update on sessions
	for each row execute function set_updated_at();

create table utterances (
	id          uuid primary key default gen_random_uuid(),
	session_id  uuid not null references sessions on delete cascade,
	speaker     text not null check (speaker in ('visitor', 'agent')),
	-- As said, with e-mail addresses and telephone numbers masked; text_sealed holds the words
	-- themselves where masking changed something.
	text        text not null check (octet_length(text) <= 65536),
	text_sealed bytea,
	ts          timestamptz not null default now(), -- when it was said
	asr_conf    numeric check (asr_conf between 0 and 1),
	audio_url   text check (char_length(audio_url) <= 2000),
	turn        bigint not null default 0,
	interrupted boolean not null default false, -- text is only what was sent before the stop
	-- Order within a session: ts can be equal for both speakers of a turn.
	position    bigint generated always as identity,
	unique (session_id, position) -- history is read backwards along it
);

-- One row per answered (or abandoned) message. sessions.turn says which one owns the session:
-- only the turn that equals it may write its reply.
create table turns (
	session_id           uuid not null references sessions on delete cascade,
	turn                 bigint not null check (turn > 0),
	turn_id              text not null default gen_random_uuid()::text
	                     check (char_length(turn_id) between 1 and 100),
	message_hash         hash32 not null, -- finds the same message sent twice
	state                text not null default 'running'
	                     check (state in ('running', 'done', 'failed', 'superseded',
	                     'abandoned')),
	started_at           timestamptz not null default now(),
	ends_by              timestamptz not null, -- still running after this: its program died
	finished_at          timestamptz,
	visitor_utterance_id uuid references utterances on delete set null,
	answer               bytea, -- sealed; for the same message within two seconds
	primary key (session_id, turn)
);
create index turns_utterance_idx on turns (visitor_utterance_id)
	where visitor_utterance_id is not null;
create index turns_running_idx on turns (ends_by) where state = 'running';

create table extracts (
	id               uuid primary key default gen_random_uuid(),
	session_id       uuid not null references sessions on delete cascade,
	utterance_id     uuid not null references utterances on delete cascade,
	turn             bigint not null default 0,
	intent           text not null check (intent in ('consulting_inquiry', 'collaboration',
	                 'media_request', 'speaking_request', 'job_opportunity', 'product_feedback',
	                 'partnership_vendor', 'advice_request', 'supporter_fan')),
	confidence       numeric not null check (confidence between 0 and 1),
	-- Without person_name and contact_email: those are in contact_sealed.
	entities         jsonb not null default '{}' check (jsonb_typeof(entities) = 'object'
	                 and not entities ?| array['person_name', 'contact_email']),
	contact_sealed   bytea,
	followup_actions jsonb not null default '[]'
	                 check (jsonb_typeof(followup_actions) = 'array'),
	lead_score       integer not null check (lead_score between 0 and 100),
	scoring_reasons  text[] not null default '{}',
	priority         text generated always as (case when lead_score >= 70 then 'high'
	                 when lead_score >= 40 then 'medium' else 'low' end) stored,
	provider         text not null default 'rules' check (char_length(provider) <= 50),
	created_at       timestamptz not null default now()
);
create index extracts_session_idx on extracts (session_id, created_at desc);
create index extracts_utterance_idx on extracts (utterance_id);

create table events (
	id         uuid primary key default gen_random_uuid(),
	session_id uuid not null references sessions on delete cascade,
	kind       text not null check (char_length(kind) between 1 and 50),
	payload    jsonb not null default '{}',
	ts         timestamptz not null default now()
);
create index events_session_idx on events (session_id, kind, ts desc);

-- What identifies a session (id, visitor, consent, secret) is written once.
grant select, insert on sessions to scribe_app;
grant update (ended_at, final_intent, lead_score, lead_turn, lead_reasons, slack_alerted_at,
	email, email_hash, contact_name, cta_chosen, notes, updated_at, current_mode,
	last_active_at, turn, proactive_count, rate_window, rate_count, utterance_count,
	summarized_count, summarized_position) on sessions to scribe_app;
-- A turn whose model failed takes the visitor's words back.
grant select, insert, delete on utterances to scribe_app;
grant update (text, text_sealed, interrupted, asr_conf, audio_url) on utterances to scribe_app;
grant select, insert on turns to scribe_app;
grant update (state, ends_by, finished_at, visitor_utterance_id, answer) on turns to scribe_app;
grant select, insert on extracts, events to scribe_app;

commit;
