-- How long sessions, made speech and the audit log are kept, and the removal of what is older.
--
-- The programs may remove old things, but not decide what is old: how long things are kept stands in
-- a table that only the owner writes (scripts/retention), and the functions add whatever else could
-- make something look older than it is. What a program says of its own setting can only make it more.
--
-- For seven days after this migration it is only told what would go.
begin;
set local role scribe_owner;

create table retention (
	what         text primary key check (what in ('sessions', 'audio_cache', 'audit_log')),
	days         integer not null check (days between 0 and 36500), -- 0: for ever
	removes_from timestamptz not null default now() + interval '7 days'
);
insert into retention (what, days) values
	('sessions', 365), ('audio_cache', 30), ('audit_log', 730);

-- A session counts from its last use. Only those that have ended: of a session in use, which is
-- written with each request, there is no entry.
create index sessions_ended_idx on sessions (last_active_at) where ended_at is not null;

-- So the time of its last use never goes back, whoever writes it, but for the owner. Two requests
-- that are served in another order than they came want that too.
create function sessions_keep_use() returns trigger language plpgsql as $$
begin
	if not pg_has_role(current_user, 'scribe_owner', 'usage') then
		new.last_active_at := old.last_active_at;
	end if;
	return new;
end
$$;
create trigger sessions_used before update of last_active_at on sessions for each row
	when (new.last_active_at < old.last_active_at) execute function sessions_keep_use();

-- What is older goes; null: nothing. `asked`: days, as a program has them set (0: for ever, null:
-- it does not say); the longer time counts.
create function retention_cutoff(which text, asked integer) returns timestamptz
language plpgsql stable set search_path = public, pg_temp as $$
begin
	return (select now() - greatest(r.days, asked) * interval '1 day' from retention r
		where r.what = which and r.days > 0 and coalesce(asked, r.days) > 0);
end
$$;

-- The audit log was changed by nobody; now its old rows go.
create or replace function audit_log_is_final() returns trigger language plpgsql as $$
begin
	if tg_op = 'DELETE' and tg_level = 'STATEMENT' then
		return null; -- each row is asked
	end if;
	if tg_op = 'DELETE' and old.at < retention_cutoff('audit_log', null)
			and exists (select from retention where what = 'audit_log' and removes_from <= now())
	then
		return old;
	end if;
	raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_no_removal before delete on audit_log
	for each row execute function audit_log_is_final();

-- What hangs on a session, `most` rows of it at most (null: all), and then the session. Which tables
-- those are is asked of the database, so that a new one is not forgotten here. What was said goes
-- last of all that hangs on it, as other rows hang on that.
create function remove_session(which uuid, most bigint)
returns table (what text, removed bigint)
language plpgsql set search_path = public, pg_temp as $$
declare
	part record;
begin
	for part in
		select c.relname::text as name, a.attname::text as key, c.relname = 'utterances' as is_last
				from pg_constraint k
				join pg_class c on c.oid = k.conrelid
				join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
			where k.contype = 'f' and k.confrelid = 'public.sessions'::regclass
				and k.confdeltype = 'c'
		union all select 'turn_answers', 'session_id', false -- has no key, for speed
		order by is_last, name
	loop
		what := part.name;
		execute format('delete from %1$I where ctid = any (array(
				select ctid from %1$I where %2$I = $1 limit $2))', part.name, part.key)
			using which, most;
		get diagnostics removed = row_count;
		return next;
		most := most - removed;
		if most <= 0 then
			return;
		end if;
	end loop;
	what := 'sessions';
	delete from sessions where id = which;
	get diagnostics removed = row_count;
	return next;
end
$$;

-- How long something is kept, whether what is older is removed already, and how much is, up to
-- `most`.
create function retention_due(which text, asked integer, most integer)
returns table (days integer, is_removing boolean, due bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	before timestamptz := retention_cutoff(which, asked);
begin
	select r.days, r.removes_from <= now() into days, is_removing
		from retention r where r.what = which;
	due := case which
		when 'sessions' then (select count(*) from (select from sessions
			where ended_at is not null and last_active_at < before limit most) old)
		when 'audio_cache' then (select count(*) from (select from audio_cache
			where last_used_at < before limit most) old)
		when 'audit_log' then (select count(*) from (select from audit_log
			where at < before limit most) old) end;
	return next;
end
$$;
grant execute on function retention_due(text, integer, integer) to scribe_app;

-- Removes up to `most` rows of what is too old, those of one session after the other, the oldest
-- first. One with more rows goes in several calls, itself at last, so that none takes long. It waits
-- for nobody while others may wait for it: a session in use is passed over, and so is one of which
-- something is locked for longer than a moment.
create function retention_remove(which text, asked integer, most integer)
returns table (what text, removed bigint)
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '50ms' as $$
declare
	before timestamptz := retention_cutoff(which, asked);
	here   uuid;
	parts  jsonb;
	gone   bigint := 0;
begin
	if before is null or most is null
			or exists (select from retention r where r.what = which and r.removes_from > now()) then
		return;
	end if;
	if which = 'audio_cache' then
		delete from audio_cache where key in (select key from audio_cache
			where last_used_at < before order by last_used_at limit most for update skip locked);
		get diagnostics removed = row_count;
		what := which;
		return next;
	elsif which = 'audit_log' then
		delete from audit_log where id in (select id from audit_log
			where at < before order by at limit most);
		get diagnostics removed = row_count;
		what := which;
		return next;
	elsif which = 'sessions' then
		foreach here in array array(select id from sessions
			where ended_at is not null and last_active_at < before
			order by last_active_at limit least(most, 50))
		loop
			begin
				perform from sessions where id = here and ended_at is not null
					and last_active_at < before for update skip locked;
				continue when not found;
				parts := (select jsonb_agg(jsonb_build_array(r.what, r.removed))
					from remove_session(here, most) r where r.removed > 0);
			exception when lock_not_available or deadlock_detected then
				continue; -- it is there the next time
			end;
			for what, removed in select part->>0, (part->>1)::bigint
					from jsonb_array_elements(parts) part loop
				most := most - removed;
				gone := gone + (what = 'sessions')::int;
				return next;
			end loop;
			exit when most <= 0;
		end loop;
		insert into audit_log (actor, action, subject, detail)
			select 'retention', 'delete', 'sessions', jsonb_build_object('count', gone)
			where gone > 0;
	end if;
end
$$;
grant execute on function retention_remove(text, integer, integer) to scribe_app;

commit;
