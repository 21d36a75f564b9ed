-- Durable work, enqueued in the transaction of the data it is about.
--
-- A worker claims one job with a short statement (FOR UPDATE SKIP LOCKED) that stamps a lease;
-- no transaction stays open while the job runs. A worker that dies lets the lease run out and
-- another takes the job over: leased_by in the finishing statement keeps the late one out.
--
-- The payload carries ids only, never contact data or what a person said.
begin;
set local role scribe_owner;

create table jobs (
	id           bigint generated always as identity primary key,
	kind         text not null check (char_length(kind) between 1 and 50),
	key          text check (char_length(key) <= 200),
	payload      jsonb not null default '{}',
	session_id   uuid references sessions on delete cascade, -- work about it goes with it
	state        text not null default 'ready'
	             check (state in ('ready', 'running', 'done', 'dead')),
	run_at       timestamptz not null default now(),
	attempts     integer not null default 0,
	max_attempts integer not null default 8 check (max_attempts > 0),
	leased_by    text check (char_length(leased_by) <= 200),
	leased_until timestamptz,
	last_error   text check (octet_length(last_error) <= 4096),
	created_at   timestamptz not null default now(),
	finished_at  timestamptz,
	check ((state = 'running') = (leased_until is not null)),
	check ((leased_by is null) = (leased_until is null))
);

-- One waiting job per kind and key; a job already running does not hold up the next.
create unique index jobs_waiting_key on jobs (kind, key) where state = 'ready';
create index jobs_claim_idx on jobs (kind, run_at) where state = 'ready';
create index jobs_lease_idx on jobs (leased_until) where state = 'running';
create index jobs_done_idx on jobs (finished_at) where state = 'done';
create index jobs_session_idx on jobs (session_id) where session_id is not null;

create function jobs_notify() returns trigger language plpgsql as $$
begin
	perform pg_notify('scribe_jobs', new.kind);
	return null;
end
$$;
create trigger jobs_inserted after insert on jobs
	for each row when (new.state = 'ready') execute function jobs_notify();
create trigger jobs_ready_again after update of state, run_at on jobs
	for each row when (new.state = 'ready') execute function jobs_notify();

grant select, insert on jobs to scribe_app;
grant update (payload, state, run_at, attempts, leased_by, leased_until, last_error, finished_at)
	on jobs to scribe_app;

commit;
