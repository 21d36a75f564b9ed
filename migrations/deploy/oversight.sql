-- What owner and admin are told of the jobs, and of who saw what: to scribe_rest, for who may, by
-- PostgreSQL's own rights. scribe_app, whose programs serve visitors, still reads nothing of the
-- audit log.
--
-- A look at rows of several sessions is one row of the log. Where they are not sessions themselves,
-- these are in its detail from now on, so that who saw something of a session is found by it.
begin;
set local role scribe_owner;

-- ---- jobs ----

-- Of what went wrong only the code: behind it stands what a provider answered.
create view jobs_told with (security_barrier = true) as
	select id, kind, state, attempts, max_attempts, run_at, created_at,
			case when last_error is not null
				then coalesce(substring(last_error from '^([a-z_]{1,50}): '), 'not_ended') end as error
		from jobs where (select person_role()) in ('owner', 'admin');
grant select on jobs_told to scribe_rest;

-- ---- the audit log ----

-- The sessions that rows are of; `ids` are the keys by which hidden_of() knows them.
create function sessions_of_rows(which text, ids uuid[]) returns uuid[]
language plpgsql stable set search_path = public, pg_temp as $$
declare
	found uuid[] := '{}';
begin
	if which in ('sessions', 'summaries') then
		found := ids;
	elsif which in ('utterances', 'extracts', 'memories', 'email_signups') then
		execute format('select array(select distinct session_id from %I
			where id = any ($1) and session_id is not null)', which) into found using ids;
	elsif which = 'action_items' then
		found := array(select session_id from summaries where session_id = any (ids));
	end if;
	return found;
end
$$;

create or replace function person_audit(what text, which text, ids uuid[], filter text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	seen uuid[] := sessions_of_rows(which, ids);
begin
	if person_role() is null then
		raise exception 'nobody asks' using errcode = 'insufficient_privilege';
	end if;
	insert into audit_log (actor, action, subject, session_id, detail)
		select person_actor(), what, which, case when cardinality(seen) = 1 then seen[1] end,
			jsonb_strip_nulls(jsonb_build_object('filter', left(filter, 8000), 'ids', ids, 'sessions',
				case when which not in ('sessions', 'summaries') and cardinality(seen) > 1
					then seen end));
end
$$;

-- The sessions that a row of the log names beside session_id. Found by an index (audit_sessions).
create function audit_sessions(subject text, detail jsonb) returns jsonb
language sql immutable parallel safe
return case when subject in ('sessions', 'summaries') then detail->'ids' else detail->'sessions' end;

-- The newest rows before that one, about that session where one is named. Whose account it was is
-- contact data: that it was opened is the next row of the log.
create function audit_told(most integer, before bigint, about uuid)
returns table (entry bigint, told_at timestamptz, by_whom text, what text, of_what text,
	of_session uuid, rows_n integer, asked text, person uuid, name text, email text)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	bound   integer := least(most, 200);
	entries bigint[];
	opened  uuid[];
begin
	if person_role() is null or person_role() not in ('owner', 'admin') then
		raise exception 'not for who asks' using errcode = 'insufficient_privilege';
	end if;
	if about is null then
		entries := array(select id from audit_log where id < before order by id desc limit bound);
	else -- "offset 0": found by their indexes first
		entries := array(select id from (select id from audit_log
				where (session_id = about or detail ? 'ids'
						and audit_sessions(subject, detail) @> to_jsonb(about::text))
					and id < before offset 0) of_it
			order by id desc limit bound);
	end if;
	return query select a.id, a.at, a.actor, a.action, a.subject, a.session_id,
			coalesce(jsonb_array_length(a.detail->'ids'), (a.detail->>'count')::integer),
			left(coalesce(a.detail->>'filter', a.detail->>'name', a.detail->>'flag'), 300),
			f.id, nullif(f.display_name, ''), p.email::text
		from audit_log a
			left join profiles f on f.id::text = lower(coalesce(
				nullif(split_part(a.actor, 'person:', 2), ''), a.detail->>'made_by'))
			left join people p on p.id = f.id
		where a.id = any (entries) order by a.id desc;
	opened := array(select distinct p.id from audit_log a join people p on p.id::text = lower(coalesce(
			nullif(split_part(a.actor, 'person:', 2), ''), a.detail->>'made_by'))
		where a.id = any (entries));
	if cardinality(opened) > 0 then
		perform person_audit('contact_read', 'people', opened,
			concat_ws('&', 'of=log', 'session=' || about, 'before=' || nullif(before, 9223372036854775807)));
	end if;
end
$$;
grant execute on function audit_told(integer, bigint, uuid) to scribe_rest;

commit;
