-- The people who sign in, their sessions, and what each request may see: person_role().
--
-- A person is a profile that has an address and perhaps a password. Both rest sealed: the password's
-- Argon2id hash too, so a copy of the database alone gives nothing to guess at. A session is
-- refreshed with tokens of which only hashes are kept; each is good once, and its successor stays for
-- seconds, sealed, for who lost the answer. Who signed up by themselves is somebody, but nobody whose
-- role counts until an operator admits them.
--
-- The claims that a program has checked stand in the setting "scribe.claims" of the transaction. They
-- tell who asks, never what they may: that is asked here each time, so whoever is signed out, shut
-- out or given another role has what they may from the next statement on.
begin;
set local role scribe_owner;

create table people (
	id           uuid primary key references profiles on delete cascade,
	email        sealed_text not null,
	email_hash   hash32 not null unique,
	password     sealed_text, -- its hash; null: none was chosen yet
	confirmed_at timestamptz, -- the address is theirs, by a mail to it or an operator's word
	admitted_at  timestamptz, -- by an operator
	disabled_at  timestamptz, -- may not sign in, and what they had is over
	signed_in_at timestamptz,
	created_at   timestamptz not null default now(),
	updated_at   timestamptz not null default now()
);
create index people_unconfirmed_idx on people (created_at)
	where confirmed_at is null and admitted_at is null;
create trigger people_updated before update on people
	for each row execute function set_updated_at();

create table auth_sessions (
	id           uuid primary key default gen_random_uuid(),
	person       uuid not null references people on delete cascade,
	created_at   timestamptz not null default now(),
	refreshed_at timestamptz not null default now(),
	ends_at      timestamptz not null,
	revoked_at   timestamptz
);
create index auth_sessions_person_idx on auth_sessions (person);
create index auth_sessions_ends_idx on auth_sessions (ends_at);
create index auth_sessions_revoked_idx on auth_sessions (revoked_at) where revoked_at is not null;

create table refresh_tokens (
	hash       hash32 primary key,
	session    uuid not null references auth_sessions on delete cascade,
	parent     hash32, -- the one it took the place of; null: of the sign-in
	created_at timestamptz not null default now(),
	used_at    timestamptz,
	successor  sealed_text check (successor is null or used_at is not null)
);
create index refresh_tokens_session_idx on refresh_tokens (session);
create index refresh_tokens_used_idx on refresh_tokens (used_at) where used_at is not null;
create index refresh_tokens_successor_idx on refresh_tokens (used_at) where successor is not null;

-- A link in a mail by which its owner sets a password. The link is signed, not kept.
create table recoveries (
	id          uuid primary key default gen_random_uuid(),
	person      uuid not null references people on delete cascade,
	redirect_to text check (char_length(redirect_to) <= 1000), -- null: our own page
	created_at  timestamptz not null default now(),
	ends_at     timestamptz not null,
	sent_at     timestamptz,
	used_at     timestamptz
);
create index recoveries_person_idx on recoveries (person, created_at);
create index recoveries_ends_idx on recoveries (ends_at);

-- How fast an account or an address may be tried, by keyed hashes, whether there is such an account or
-- not. From where somebody has signed in before, an account is tried apart from all others: strangers
-- who try it do not keep its owner out. A crash may forget all of it.
create unlogged table auth_attempts (
	key         hash32 primary key,
	spent_until timestamptz not null default now(),
	known_until timestamptz -- of an account with an address
);
create index auth_attempts_spent_idx on auth_attempts (greatest(spent_until, known_until));

grant select, insert on people, auth_sessions, refresh_tokens, recoveries to scribe_app;
grant update (email, email_hash, password, confirmed_at, admitted_at, disabled_at, signed_in_at)
	on people to scribe_app;
grant update (refreshed_at, ends_at, revoked_at) on auth_sessions to scribe_app;
grant update (used_at, successor) on refresh_tokens to scribe_app;
grant update (sent_at, used_at) on recoveries to scribe_app;
grant select, insert, update on auth_attempts to scribe_app;

-- What who asks may see and do: 'owner', 'admin' or 'viewer'; null: nothing.
create function person_role() returns text
language sql stable parallel safe security definer set search_path = public, pg_temp
begin atomic
	select case c.claims->>'role'
			when 'service_role' then 'owner'
			when 'authenticated' then (select f.role from auth_sessions s
					join people p on p.id = s.person
					join profiles f on f.id = p.id
				where s.id = (c.claims->>'session_id')::uuid
					and s.person = (c.claims->>'sub')::uuid
					and s.revoked_at is null and s.ends_at > now()
					and p.admitted_at is not null and p.disabled_at is null)
		end
		from (select nullif(current_setting('scribe.claims', true), '')::jsonb as claims) c;
end;
grant execute on function person_role() to scribe_app;

-- A profile comes with its person, and goes with them; a role is given by these only.
create function person_make(which uuid, name text, given_role text) returns void
language sql security definer set search_path = public, pg_temp
begin atomic
	insert into profiles (id, display_name, role) values (which, name, given_role);
end;
create function person_give_role(which uuid, given_role text) returns boolean
language sql security definer set search_path = public, pg_temp
begin atomic
	with given as (update profiles set role = given_role
		where id = which and exists (select from people p where p.id = which) returning 1)
	select exists (select from given);
end;
create function person_remove(which uuid) returns boolean
language sql security definer set search_path = public, pg_temp
begin atomic
	with gone as (delete from profiles
		where id = which and exists (select from people p where p.id = which) returning 1)
	select exists (select from gone);
end;
grant execute on function person_make(uuid, text, text), person_give_role(uuid, text),
	person_remove(uuid) to scribe_app;

-- What signing in leaves behind. Sessions that are over stay for a week, to see what became of them;
-- used tokens as long as their session, but for a month at most. Who signed up, or was signed up by
-- somebody else, and in a week confirmed nothing goes with their address.
create function purge_auth(batch integer default 1000)
returns table (what text, removed bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	what := 'auth_sessions';
	delete from auth_sessions where id in (
		select s.id from auth_sessions s where s.ends_at < now() - interval '7 days'
		union (select s.id from auth_sessions s where s.revoked_at < now() - interval '7 days'
			order by s.revoked_at limit batch)
		limit batch);
	get diagnostics removed = row_count;
	return next;

	what := 'refresh_tokens';
	delete from refresh_tokens where hash in (
		select t.hash from refresh_tokens t where t.used_at < now() - interval '30 days'
			order by t.used_at limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'successors';
	update refresh_tokens set successor = null where hash in (
		select t.hash from refresh_tokens t
			where t.successor is not null and t.used_at < now() - interval '1 minute'
			order by t.used_at limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'recoveries';
	delete from recoveries where id in (
		select r.id from recoveries r where r.ends_at < now() - interval '7 days'
			order by r.ends_at limit batch for update skip locked);
	get diagnostics removed = row_count;
	return next;

	what := 'people';
	with gone as (
		delete from profiles where id in (
			select p.id from people p
				where p.confirmed_at is null and p.admitted_at is null and p.disabled_at is null
					and p.created_at < now() - interval '7 days'
					and not exists (select from recoveries r where r.person = p.id
						and r.used_at is null and r.ends_at > now())
				order by p.created_at limit batch for update skip locked)
			returning id)
	insert into audit_log (actor, action, subject)
		select 'housekeeping', 'person_removed', 'people:' || id from gone;
	get diagnostics removed = row_count;
	return next;

	what := 'auth_attempts';
	delete from auth_attempts where key in (
		select a.key from auth_attempts a where greatest(a.spent_until, a.known_until) < now()
			order by greatest(a.spent_until, a.known_until) limit batch
			for update skip locked);
	get diagnostics removed = row_count;
	return next;
end
$$;
grant execute on function purge_auth(integer) to scribe_app;

commit;
