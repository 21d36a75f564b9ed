-- Feature flags: on for a share of visitors, in some modes, for pages of some origins; and what they
-- were in each turn, from which experiments are read.
--
-- The programs read the table once a minute and compute who has what: nothing is asked for a turn.
-- Who is one, is one for long: the share counts the hash of the flag's salt and of memory_owner, that
-- is the visitor, where they agreed to be known, else the session. A larger share keeps all that a
-- smaller one had.
--
-- One table at a time, so that no turn waits for two; each step may be taken again, for a deployment
-- that was kept waiting half-way begins anew.
begin;
set local role scribe_owner;

create table if not exists feature_flags (
	name       text primary key check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
	share      integer not null check (share between 0 and 10000), -- of ten thousand
	salt       text not null default gen_random_uuid()::text
	           check (char_length(salt) between 1 and 100), -- another one: others are chosen
	modes      text[] check (cardinality(modes) between 1 and 20), -- null: in all
	origins    text[] check (cardinality(origins) between 1 and 50), -- null: for all
	note       text check (char_length(note) <= 500),
	created_at timestamptz not null default now(),
	changed_at timestamptz not null default now()
);
grant select on feature_flags to scribe_app;

-- As common/domain/talk/flag.c computes it.
create or replace function flag_bucket(salt text, owner text) returns integer
language sql immutable strict parallel safe as $$
	select (('x' || substr(encode(sha256(convert_to(salt || ':' || owner, 'UTF8')), 'hex'), 1, 8))
		::bit(32)::bigint % 10000)::integer
$$;

commit;

-- What an operator wants for this session whatever the share, as {"name": true}. Only theirs to say.
begin;
set local role scribe_owner;
alter table sessions
	add column if not exists flags_forced jsonb,
	drop constraint if exists sessions_flags_check,
	add constraint sessions_flags_check check (jsonb_typeof(flags_forced) = 'object'
		and char_length(flags_forced::text) <= 4000) not valid;
commit;

-- The flags that applied to the turn: {"name": "on" | "off" | "forced_on" | "forced_off"}. Null: none
-- did, or none were known.
begin;
set local role scribe_owner;
alter table turns
	add column if not exists flags jsonb,
	drop constraint if exists turns_flags_check,
	add constraint turns_flags_check check (jsonb_typeof(flags) = 'object') not valid;
grant update (flags) on turns to scribe_app;
commit;

begin;
set local role scribe_owner;
alter table sessions validate constraint sessions_flags_check;
commit;

begin;
set local role scribe_owner;
alter table turns validate constraint turns_flags_check;
commit;
