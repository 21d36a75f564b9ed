-- Answers kept for repeated requests, and daily budgets per caller.
begin;
set local role scribe_owner;

-- Inserting the row is taking the key. A runner that dies leaves it 'running' only until
-- locked_until; then the next request with the key takes it over.
create table idempotency_keys (
	function     text not null check (char_length(function) between 1 and 50),
	scope        text not null -- session or caller
	             check (char_length(scope) between 1 and 200),
	key_hash     hash32 not null,
	payload_hash hash32 not null,
	state        text not null default 'running' check (state in ('running', 'done')),
	locked_until timestamptz not null default now() + interval '2 minutes',
	session_id   uuid references sessions on delete cascade,
	status       integer check (status between 200 and 599),
	content_type text check (char_length(content_type) <= 200),
	body         bytea, -- the answer, sealed
	created_at   timestamptz not null default now(),
	expires_at   timestamptz not null default now() + interval '24 hours',
	primary key (function, scope, key_hash),
	check (state = 'running' or (status is not null and body is not null))
);
create index idempotency_keys_expiry_idx on idempotency_keys (expires_at);
create index idempotency_keys_session_idx on idempotency_keys (session_id)
	where session_id is not null;

create table chat_budgets (
	caller_hash hash32 not null, -- keyed: no address is kept
	day         date not null default (now() at time zone 'UTC')::date,
	requests    integer not null default 0 check (requests >= 0),
	tokens      bigint not null default 0 check (tokens >= 0),
	primary key (caller_hash, day)
);
create index chat_budgets_day_idx on chat_budgets (day);

grant select, insert, delete on idempotency_keys to scribe_app;
grant update (payload_hash, state, locked_until, session_id, status, content_type, body,
	created_at, expires_at) on idempotency_keys to scribe_app;
grant select, insert on chat_budgets to scribe_app;
grant update (requests, tokens) on chat_budgets to scribe_app;

commit;
