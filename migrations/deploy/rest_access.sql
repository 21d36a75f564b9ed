-- What people who look at the leads may see and change, by PostgreSQL's own rights: the programs they
-- reach work as scribe_rest, and each transaction says whose it is (scribe.claims, person_role()).
--
-- scribe_app, whose programs serve visitors, sees what it always saw. scribe_rest sees rows by policy
-- and of these only columns that are nobody's secret. What is sealed, and which visitor a session is
-- of, is given by hidden_of() alone: sealed to owner and admin, who open it, with a row of the audit
-- log in the same statement; to everybody else as "[email]" and the like. So a mistake in a program
-- shows nobody more than this.
begin;

do $$
begin
	create role scribe_rest login nosuperuser nocreatedb nocreaterole noreplication;
exception when duplicate_object or unique_violation then
	null; -- another database of this cluster has brought it
end
$$;
grant connect on database :"DBNAME" to scribe_rest;
grant usage on schema public to scribe_rest;
alter role scribe_rest in database :"DBNAME" set search_path = public;
alter role scribe_rest in database :"DBNAME" set timezone = 'UTC';
alter role scribe_rest in database :"DBNAME" set statement_timeout = '30s';
alter role scribe_rest in database :"DBNAME" set lock_timeout = '5s';
alter role scribe_rest in database :"DBNAME" set idle_in_transaction_session_timeout = '60s';
alter role scribe_rest in database :"DBNAME" set jit = off;

set local role scribe_owner;

grant execute on function person_role() to scribe_rest;

-- Who asks: for the audit log, and for their own profile.
create function person_id() returns text
language sql stable parallel safe set search_path = public, pg_temp as $$
	select nullif(current_setting('scribe.claims', true), '')::jsonb->>'sub'
$$;
create function person_actor() returns text
language sql stable parallel safe set search_path = public, pg_temp as $$
	select case when nullif(current_setting('scribe.claims', true), '')::jsonb->>'role' = 'service_role'
		then 'service_role' else 'person:' || coalesce(person_id(), 'nobody') end
$$;
grant execute on function person_id(), person_actor() to scribe_rest;

-- ---- what somebody is to do, and whether they have ----

create table action_item_states (
	session_id uuid not null references sessions on delete cascade,
	item       uuid not null,
	status     text not null check (status in ('open', 'done', 'dropped')),
	changed_at timestamptz not null default now(),
	primary key (session_id, item)
);

-- The items of summaries, one row each. An item is known by its text: what a later summary says
-- again keeps its status.
create view action_items with (security_invoker = true) as
	select md5(s.session_id::text || (i.item->>'text'))::uuid as id, s.session_id,
			i.n::int - 1 as position, i.item->>'text' as text, i.item->>'owner' as owner,
			i.item->>'priority' as priority, coalesce(d.status, 'open') as status,
			s.updated_at as created_at
		from summaries s
			cross join jsonb_array_elements(s.action_items) with ordinality i (item, n)
			left join action_item_states d on d.session_id = s.session_id
				and d.item = md5(s.session_id::text || (i.item->>'text'))::uuid;

create function action_items_set() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
	insert into action_item_states (session_id, item, status)
		values (old.session_id, old.id, new.status)
		on conflict (session_id, item) do update set status = excluded.status, changed_at = now();
	return new;
end
$$;
create trigger action_items_changed instead of update on action_items
	for each row execute function action_items_set();

-- ---- rows ----

do $$
declare
	name text;
begin
	foreach name in array array['sessions', 'utterances', 'extracts', 'summaries', 'events',
			'memories', 'email_signups', 'action_item_states'] loop
		execute format('alter table %I enable row level security', name);
		execute format('create policy %I on %I to scribe_app using (true) with check (true)',
			name || '_programs', name);
		execute format('create policy %I on %I for select to scribe_rest using (%s)',
			name || '_people_read', name, case name
				-- Pieces of a long memory's words are no memories.
				when 'memories' then '(select person_role()) is not null and part_of is null'
				else '(select person_role()) is not null' end);
	end loop;
end
$$;
create policy sessions_people_change on sessions for update to scribe_rest
	using ((select person_role()) in ('owner', 'admin'));
create policy sessions_people_delete on sessions for delete to scribe_rest
	using ((select person_role()) in ('owner', 'admin'));
create policy memories_people_delete on memories for delete to scribe_rest
	using ((select person_role()) in ('owner', 'admin'));
create policy action_items_people_add on action_item_states for insert to scribe_rest
	with check ((select person_role()) in ('owner', 'admin'));
create policy action_items_people_change on action_item_states for update to scribe_rest
	using ((select person_role()) in ('owner', 'admin'));
-- Everybody who may look sees who they are; who may change things sees the others.
create policy profiles_people_read on profiles for select to scribe_rest
	using ((select person_role()) in ('owner', 'admin')
		or (select person_role()) is not null and id::text = (select person_id()));
create policy profiles_people_change on profiles for update to scribe_rest
	using ((select person_role()) in ('owner', 'admin')
		or (select person_role()) is not null and id::text = (select person_id()));

-- ---- columns ----

grant select (id, created_by, started_at, ended_at, channel, consent, final_intent, lead_score,
	lead_reasons, cta_chosen, created_at, updated_at, current_mode, last_active_at, turn,
	utterance_count) on sessions to scribe_rest;
grant update (cta_chosen, notes) on sessions to scribe_rest;
grant select (id, session_id, speaker, text, ts, asr_conf, audio_url, turn, interrupted, position,
	in_distress) on utterances to scribe_rest;
grant select (id, session_id, utterance_id, turn, intent, confidence, entities, followup_actions,
	lead_score, scoring_reasons, priority, provider, created_at) on extracts to scribe_rest;
grant select (session_id, executive_summary, action_items, crm_payload, themes, importance,
	utterance_count, provider, created_at, updated_at) on summaries to scribe_rest;
grant select (id, session_id, kind, payload, ts) on events to scribe_rest;
grant select (id, session_id, scope, content, summary, importance, tags, metadata, embedding_model,
	occurred_at, expires_at, part_of, created_at, updated_at) on memories to scribe_rest;
grant select (id, signup_type, status, session_id, confirmed_at, unsubscribed_at, created_at,
	updated_at) on email_signups to scribe_rest;
grant select (id, display_name, role, created_at, updated_at) on profiles to scribe_rest;
grant update (display_name) on profiles to scribe_rest;
grant delete on sessions, memories to scribe_rest;
grant select, insert on action_item_states to scribe_rest;
grant update (status, changed_at) on action_item_states to scribe_rest;
grant select on action_items to scribe_rest;
grant update (status) on action_items to scribe_rest;

-- ---- visitors, by another name ----

-- A visitor's id opens their memories, so it goes to nobody. Its alias is the same wherever the
-- visitor is, and is made with a key that is only here.
create table visitor_alias_key (
	only_one boolean primary key default true check (only_one),
	key      bytea not null default gen_random_bytes(32) check (octet_length(key) = 32)
);
insert into visitor_alias_key default values;

create function visitor_alias(id text, key bytea) returns text
language sql immutable strict parallel safe set search_path = public, pg_temp
return 'visitor-' || left(encode(hmac(convert_to(lower(id), 'UTF8'), key, 'sha256'), 'hex'), 32);

-- The sessions of visitors with these aliases, for who may see sessions.
create function sessions_of_visitors(aliases text[]) returns uuid[]
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
	secret bytea := (select key from visitor_alias_key);
begin
	if person_role() is null then
		return '{}';
	end if;
	return array(select id from sessions where visitor_alias(visitor_id, secret) = any (aliases));
end
$$;
grant execute on function sessions_of_visitors(text[]) to scribe_rest;

-- ---- what is sealed ----

-- A row of the audit log, by who asks. `ids` are of `which`.
create function person_audit(what text, which text, ids uuid[], filter text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if person_role() is null then
		raise exception 'nobody asks' using errcode = 'insufficient_privilege';
	end if;
	insert into audit_log (actor, action, subject, session_id, detail)
		select person_actor(), what, which,
			case when which in ('sessions', 'summaries') and cardinality(ids) = 1 then ids[1] end,
			jsonb_build_object('filter', left(filter, 8000), 'ids', ids);
end
$$;
grant execute on function person_audit(text, text, uuid[], text) to scribe_rest;

-- The rows of `which` with one of these addresses, by their keyed hashes; for who may open them.
-- That somebody is among the leads is contact data, too: the audit log is told, whatever is then
-- opened, since a count or an error tells it as well.
create function contacts_with_email(which text, hashes bytea[], filter text) returns uuid[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	found_ids uuid[];
begin
	if person_role() is null or person_role() not in ('owner', 'admin') then
		return '{}';
	end if;
	found_ids := case which
		when 'sessions' then array(select id from sessions where email_hash = any (hashes))
		when 'email_signups' then array(select id from email_signups
			where email_hash = any (hashes)) end;
	perform person_audit('contact_sought', which, found_ids, filter);
	return found_ids;
end
$$;
grant execute on function contacts_with_email(text, bytea[], text) to scribe_rest;

-- Of rows of one kind, by their keys: `parts` is what is sealed and what opening it takes, or, where
-- it may not be opened, masks in its place; null: the row has nothing of that. `shown` are plain
-- values that stand elsewhere.
create function hidden_of_sessions(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select s.id, nullif(jsonb_strip_nulls(case when opens then jsonb_build_object('email', s.email,
				'contact_name', s.contact_name, 'notes', s.notes, 'contact_id', x.id,
				'contact', x.contact)
			else jsonb_build_object(
				'email', case when s.email is not null then '[email]' end,
				'contact_name', case when s.contact_name is not null then '[name]' end,
				'notes', case when s.notes is not null then '[notes]' end) end), '{}'),
			jsonb_build_object('visitor_id', visitor_alias(s.visitor_id, a.key))
		from sessions s cross join visitor_alias_key a
			-- As scripts/leads has it: of the turn that gave the score, else the newest.
			left join lateral (select e.id, convert_from(contact_sealed, 'UTF8') as contact
				from extracts e where opens and e.session_id = s.id
				order by (e.turn = s.lead_turn) desc nulls last, e.created_at desc limit 1) x
				on x.contact is not null
		where s.id = any (keys)
$$;
create function hidden_of_utterances(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select id, jsonb_build_object('sealed', convert_from(text_sealed, 'UTF8')), null::jsonb
		from utterances
		where opens and id = any (keys) and text_sealed is not null and text <> ''
			and not in_distress
$$;
create function hidden_of_extracts(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select id, jsonb_build_object('sealed', convert_from(contact_sealed, 'UTF8')), null::jsonb
		from extracts where opens and id = any (keys) and contact_sealed is not null
$$;
create function hidden_of_summaries(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select session_id, jsonb_build_object('sealed', sealed), null::jsonb
		from summaries where opens and session_id = any (keys) and sealed is not null
$$;
create function hidden_of_memories(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select m.id, case when opens and m.sealed is not null
				then jsonb_build_object('sealed', m.sealed) end,
			jsonb_build_object('visitor_id', visitor_alias(s.visitor_id, a.key),
				'last_referenced', u.last_referenced, 'access_count', coalesce(u.access_count, 0))
		from memories m join sessions s on s.id = m.session_id cross join visitor_alias_key a
			left join memory_uses u on u.memory_id = m.id
		where m.id = any (keys)
$$;
create function hidden_of_email_signups(keys uuid[], opens boolean)
returns table (key uuid, parts jsonb, shown jsonb)
language sql stable set search_path = public, pg_temp as $$
	select id, jsonb_strip_nulls(case when opens then jsonb_build_object('email', email,
				'name', name, 'place', encode(email_hash, 'hex'))
			else jsonb_build_object('email', '[email]',
				'name', case when name is not null then '[name]' end) end), null::jsonb
		from email_signups where id = any (keys)
$$;

-- For who may see the rows. With `wants`, contact data is wanted: what is opened of it by owner or
-- admin is told to the audit log, with what they asked for.
create function hidden_of(which text, keys uuid[], wants boolean, filter text)
returns table (key uuid, parts jsonb, shown jsonb, is_sealed boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	is_opened boolean := coalesce(wants and person_role() in ('owner', 'admin'), false);
	origin    text := case which when 'action_items' then 'summaries' else which end;
	ids       uuid[] := '{}';
begin
	if person_role() is null or origin not in ('sessions', 'utterances', 'extracts', 'summaries',
			'memories', 'email_signups') then
		return;
	end if;
	for key, parts, shown in execute format('select h.key, h.parts, h.shown from %I($1, $2) h
			order by h.key', 'hidden_of_' || origin) using keys, is_opened loop
		is_sealed := is_opened and parts is not null;
		if is_sealed then
			ids := ids || key;
		end if;
		return next;
	end loop;
	if cardinality(ids) > 0 then
		perform person_audit('contact_read', which, ids, filter);
	end if;
end
$$;
grant execute on function hidden_of(text, uuid[], boolean, text) to scribe_rest;

commit;
