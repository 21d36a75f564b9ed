-- What a session came to: one row each, rewritten as the session goes on.
begin;
set local role scribe_owner;

create table summaries (
	session_id        uuid primary key references sessions on delete cascade,
	executive_summary text not null check (octet_length(executive_summary) <= 65536),
	action_items      jsonb not null default '[]' check (jsonb_typeof(action_items) = 'array'),
	crm_payload       jsonb not null default '{}' check (jsonb_typeof(crm_payload) = 'object'),
	themes            jsonb not null default '[]' check (jsonb_typeof(themes) = 'array'),
	importance        integer not null default 3 check (importance between 1 and 10),
	utterance_count   integer not null default 0, -- utterances it stands for
	last_position     bigint not null default 0,  -- utterances.position of the newest of them
	provider          text not null default 'extractive' check (char_length(provider) <= 50),
	created_at        timestamptz not null default now(),
	updated_at        timestamptz not null default now()
);
create trigger summaries_updated before update on summaries
	for each row execute function set_updated_at();

grant select, insert, update on summaries to scribe_app;

commit;
