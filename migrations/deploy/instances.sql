-- Who answers a running turn, and whether they live.
--
-- A program that was killed left its turn running until ends_by, half a minute in which the same
-- message waited for an answer that nobody was making; so did a lock of an Idempotency-Key. Both
-- name the process now, its instance, whose one row is touched a few times a second while it has any
-- of them. And they carry a claim, made by who takes them: later writes of one who has lost it
-- match nothing.
begin;
set local role scribe_owner;

create table instances (
	id         uuid primary key, -- made by the process; another one once it was given up
	host       text not null check (char_length(host) <= 200),
	pid        integer not null,
	program    text not null check (char_length(program) between 1 and 50),
	started_at timestamptz not null default now(),
	beat_at    timestamptz not null default now()
) with (fillfactor = 50); -- touched again and again: room for that on the same page
grant select, insert, delete on instances to scribe_app;
grant update (beat_at) on instances to scribe_app;

-- Null: begun by a program of before, which has no instance.
alter table turns add column instance uuid, add column claim uuid;
alter table idempotency_keys add column instance uuid, add column claim uuid;
create index idempotency_keys_claim_idx on idempotency_keys (claim) where state = 'running';
grant update (instance, claim) on idempotency_keys to scribe_app;

-- What was begun a moment ago is a sign of life itself: most work is over before its process
-- needs a row.
create function is_held(holder uuid, since timestamptz) returns boolean
language sql stable
begin atomic
	select holder is null or since > now() - interval '1 second'
		or exists (select from instances i
			where i.id = holder and i.beat_at > now() - interval '1 second');
end;
grant execute on function is_held(uuid, timestamptz) to scribe_app;

commit;
