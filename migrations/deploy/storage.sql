-- Files in buckets: recordings and replies (audio), lists made on request (exports), documents
-- (uploads). Rows are here, bytes on disk under the row's `version`; a name is never a path.
--
-- Who sees what is decided here, of the claims that a transaction of scribe_rest begins with:
--   owner, admin  all of it; they put, replace, move and remove
--   viewer        uploads, and exports of their own; a recording tells names that nothing masks
--   anybody else  nothing, but one object by a link that one of the above has made, or one place to
--                 put one
-- Bytes whose row has gone, or has others now, are listed in storage_gone in the same transaction, and
-- a job removes them: a session that goes takes its recordings along.
begin;

set local role scribe_owner;

create table storage_buckets (
	id         text primary key check (id ~ '^[a-z]{1,50}$'),
	size_max   bigint not null check (size_max > 0), -- of one object
	types      text[] not null, -- patterns of like; none: any
	bytes      bigint not null default 0, -- of all objects
	keep_days  integer check (keep_days > 0), -- null: as long as nobody removes them
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now()
);
-- Recordings go with their session. How long exports stay is the owner's to change, nobody else's.
insert into storage_buckets (id, size_max, types, keep_days) values
	('audio', 16 * 1024 * 1024, '{audio/%}', null),
	('exports', 64 * 1024 * 1024, '{text/csv%,application/json%}', 30),
	('uploads', 16 * 1024 * 1024, '{}', null);

create table storage_objects (
	id            uuid primary key default gen_random_uuid(),
	bucket_id     text not null references storage_buckets,
	-- As storage clients name them, "folder/file.txt"; compared byte by byte.
	name          text collate "C" not null
	              check (octet_length(name) between 1 and 1024 and name !~ '[[:cntrl:]\\]'
	              and not '{"",.,..}'::text[] && string_to_array(name, '/')),
	version       uuid not null unique,
	size          bigint not null check (size >= 0),
	type          text not null check (char_length(type) between 3 and 200),
	etag          text not null check (etag ~ '^[0-9a-f]{32,64}$'),
	cache_control text not null default 'no-cache' check (char_length(cache_control) <= 200),
	metadata      jsonb not null default '{}'
	              check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 8192),
	put_by        uuid, -- profiles.id of who did; null: the system
	session_id    uuid references sessions on delete cascade,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now(),
	unique (bucket_id, name)
);
create index storage_objects_put_by_idx on storage_objects (put_by) where put_by is not null;
create index storage_objects_session_idx on storage_objects (session_id)
	where session_id is not null;
create index storage_objects_age_idx on storage_objects (bucket_id, created_at);
create trigger storage_objects_updated before update on storage_objects
	for each row execute function set_updated_at();

-- Files that no row has any more.
create table storage_gone (
	version uuid primary key,
	at      timestamptz not null default now()
);

-- What a link opens: one object, or one place to put one. Only a hash of what stands in the link is
-- here.
create table storage_links (
	hash       hash32 primary key,
	object_id  uuid references storage_objects on delete cascade,
	bucket_id  text references storage_buckets,
	name       text collate "C" check (octet_length(name) <= 1024),
	is_upsert  boolean not null default false,
	made_by    uuid, -- profiles.id; null: the service key
	expires_at timestamptz not null check (expires_at <= created_at + interval '7 days 1 minute'),
	created_at timestamptz not null default now(),
	check ((object_id is null) = (bucket_id is not null and name is not null))
);
create index storage_links_expired_idx on storage_links (expires_at);
create index storage_links_object_idx on storage_links (object_id) where object_id is not null;

-- ---- what follows from a change ----

create function storage_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op <> 'DELETE' then
		update storage_buckets set bytes = bytes + new.size where id = new.bucket_id;
	end if;
	if tg_op <> 'INSERT' then
		update storage_buckets set bytes = bytes - old.size where id = old.bucket_id;
	end if;
	if tg_op = 'DELETE' or (tg_op = 'UPDATE' and new.version <> old.version) then
		insert into storage_gone (version) values (old.version);
		insert into jobs (kind, key) values ('storage_gone', 'all')
			on conflict (kind, key) where state = 'ready' do nothing;
	end if;
	return null;
end
$$;
create trigger storage_objects_counted after insert or delete or update of bucket_id, size, version
	on storage_objects for each row execute function storage_changed();

-- A bucket's own bounds, whoever puts something there. A program's come on top (storage_room). Who puts
-- other bytes in the place of somebody's has put these.
create function storage_fits() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	bucket storage_buckets;
begin
	select * into bucket from storage_buckets where id = new.bucket_id;
	if new.size > bucket.size_max then
		raise exception 'too large for the bucket' using errcode = 'program_limit_exceeded';
	end if;
	if bucket.types <> '{}' and not new.type like any (bucket.types) then
		raise exception 'not of the types of the bucket' using errcode = 'check_violation';
	end if;
	if tg_op = 'UPDATE' and new.version <> old.version and person_role() is not null then
		new.put_by := person_id()::uuid;
	end if;
	return new;
end
$$;
create trigger storage_objects_fit before insert or update of bucket_id, size, type
	on storage_objects for each row execute function storage_fits();

-- ---- who asks ----

-- May somebody of that role, with that id, see an object?
create function storage_shows(role text, person uuid, bucket text, put_by uuid) returns boolean
language sql immutable parallel safe
return coalesce(role in ('owner', 'admin') or role = 'viewer'
	and (bucket = 'uploads' or bucket = 'exports' and put_by = person), false);

-- What somebody may who made a link, now; null: nothing any more.
create function storage_role_of(person uuid) returns text
language sql stable set search_path = public, pg_temp
begin atomic
	select f.role from people p join profiles f on f.id = p.id
		where p.id = person and p.admitted_at is not null and p.disabled_at is null;
end;

-- Is there room for so many bytes more, in all and for who puts them there (who made the link, where
-- there is one)? Null: yes; else whose there is none. With `takes` nobody else takes any from here to
-- the end of the transaction; without, nobody is waited for, and it is as it was a moment ago.
create function storage_room(more bigint, most bigint, person_most bigint, token hash32,
	takes boolean) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	person uuid := coalesce(person_id()::uuid, (select made_by from storage_links where hash = token));
	taken  bigint := 0;
begin
	if takes then
		perform from storage_buckets order by id for update;
	end if;
	if (select sum(bytes) from storage_buckets) + more > most then
		return 'all';
	end if;
	if person is not null then
		select coalesce(sum(size), 0) into taken from storage_objects where put_by = person;
	end if;
	return case when taken + more > person_most then 'person' end;
end
$$;

-- May who asks, or who has a link to the place, put something there? Null: yes; else why not.
-- `takes` as above.
create function storage_may_put(bucket text, bytes bigint, its_type text, most bigint,
	person_most bigint, token hash32, takes boolean) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	found storage_buckets;
begin
	if token is null and coalesce(person_role() not in ('owner', 'admin'), true)
			or token is not null and not exists (select from storage_place(token)) then
		return 'forbidden';
	end if;
	select * into found from storage_buckets where id = bucket;
	return case when found.id is null then 'bucket'
		when bytes > found.size_max then 'large'
		when found.types <> '{}' and not its_type like any (found.types) then 'type'
		else storage_room(bytes, most, person_most, token, takes) end;
end
$$;

-- The object that a link is for, if the link is good and who made it would still see that.
create function storage_linked(token hash32)
returns table (id uuid, bucket_id text, name text, version uuid, size bigint, type text, etag text,
	cache_control text, updated_at timestamptz)
language sql stable security definer set search_path = public, pg_temp
begin atomic
	select o.id, o.bucket_id, o.name, o.version, o.size, o.type, o.etag, o.cache_control,
			o.updated_at
		from storage_links l join storage_objects o on o.id = l.object_id
		where l.hash = token and l.expires_at > now() and (l.made_by is null
			or storage_shows(storage_role_of(l.made_by), l.made_by, o.bucket_id, o.put_by));
end;

-- The place that a link is for.
create function storage_place(token hash32)
returns table (bucket_id text, name text, is_upsert boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
	select l.bucket_id, l.name, l.is_upsert
		from storage_links l
		where l.hash = token and l.object_id is null and l.expires_at > now()
			and (l.made_by is null or storage_role_of(l.made_by) in ('owner', 'admin'));
end;

-- Tells the audit log that who asks, or who has a link, has opened objects, or made links to them:
-- where these are recordings or lists of people.
create function storage_audit(what text, objects uuid[], token hash32) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if token is null and person_role() is null then
		raise exception 'nobody asks' using errcode = 'insufficient_privilege';
	end if;
	insert into audit_log (actor, action, subject, session_id, detail)
		select case when token is null then person_actor() else 'link' end, what, o.bucket_id,
			o.session_id, jsonb_strip_nulls(jsonb_build_object('object', o.id, 'name', o.name,
				'made_by', l.made_by))
		from storage_objects o left join storage_links l on l.hash = token and l.object_id = o.id
		where o.id = any (objects) and o.bucket_id in ('audio', 'exports')
			and (token is null or l.hash is not null);
end
$$;

-- Puts an object in the place of a link, for who made the link. Null: it is none any more, or taken.
create function storage_put_by_link(token hash32, file uuid, bytes bigint, its_type text,
	its_etag text, its_cache_control text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	place  record;
	maker  uuid := (select made_by from storage_links where hash = token);
	put    uuid;
begin
	select * into place from storage_place(token);
	if not found then
		return null;
	end if;
	insert into storage_objects (bucket_id, name, version, size, type, etag, cache_control, put_by)
		values (place.bucket_id, place.name, file, bytes, its_type, its_etag, its_cache_control,
			maker)
		on conflict (bucket_id, name) do update set version = excluded.version,
			size = excluded.size, type = excluded.type, etag = excluded.etag,
			cache_control = excluded.cache_control, put_by = excluded.put_by where place.is_upsert
		returning id into put;
	return put;
end
$$;

-- Asks for a list, made by a job; contact data is for owner and admin only. Gives where it will be;
-- null: not for who asks; 'many': three of theirs are being made.
create function storage_export(what text, format text, since timestamptz, until timestamptz)
returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	role   text := person_role();
	person uuid := person_id()::uuid;
	place  text := what || '/' || to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24-MI-SS') || '-'
		|| left(gen_random_uuid()::text, 8) || '.' || format;
begin
	if role is null or what not in ('leads', 'sessions') or format not in ('csv', 'json')
			or (role = 'viewer' and what <> 'sessions') then
		return null;
	end if;
	if (select count(*) from jobs where kind = 'export' and state in ('ready', 'running')
			and payload ->> 'person' is not distinct from person::text) >= 3 then
		return 'many';
	end if;
	insert into jobs (kind, key, payload, max_attempts) values ('export', place, jsonb_build_object(
		'what', what, 'format', format, 'since', since, 'until', until, 'name', place,
		'person', person, 'claims', current_setting('scribe.claims', true)::jsonb), 3);
	insert into audit_log (actor, action, subject)
		values (person_actor(), 'export', 'exports/' || place);
	return place;
end
$$;

-- Removes up to `most` rows of what is over: links, and what a bucket keeps for so many days only.
create function storage_expire(most integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	links   bigint;
	objects bigint;
begin
	delete from storage_links where hash in (select hash from storage_links
		where expires_at < now() order by expires_at limit most for update skip locked);
	get diagnostics links = row_count;
	delete from storage_objects where id in (select o.id
		from storage_buckets b join storage_objects o on o.bucket_id = b.id
		where o.created_at < now() - b.keep_days * interval '1 day'
		order by o.created_at limit most for update of o skip locked);
	get diagnostics objects = row_count;
	return links + objects;
end
$$;

-- ---- rights ----

alter table storage_buckets enable row level security;
alter table storage_objects enable row level security;
alter table storage_links enable row level security;
alter table storage_gone enable row level security;

-- The programs make recordings and exports, and remove bytes that are gone.
create policy storage_buckets_programs on storage_buckets to scribe_app using (true);
create policy storage_objects_programs on storage_objects to scribe_app using (true);
create policy storage_gone_programs on storage_gone to scribe_app using (true);
grant select on storage_buckets to scribe_app;
grant select, insert on storage_objects to scribe_app;
grant select, delete on storage_gone to scribe_app;

create policy storage_buckets_people on storage_buckets for select to scribe_rest
	using ((select person_role()) is not null);
create policy storage_objects_see on storage_objects for select to scribe_rest using (
	storage_shows((select person_role()), (select person_id()::uuid), bucket_id, put_by));
create policy storage_objects_put on storage_objects for insert to scribe_rest with check (
	(select person_role()) in ('owner', 'admin') and session_id is null
	and put_by is not distinct from (select person_id()::uuid));
create policy storage_objects_change on storage_objects for update to scribe_rest
	using ((select person_role()) in ('owner', 'admin'))
	with check ((select person_role()) in ('owner', 'admin'));
create policy storage_objects_remove on storage_objects for delete to scribe_rest using (
	(select person_role()) in ('owner', 'admin') or (select person_role()) = 'viewer'
	and bucket_id = 'exports' and put_by = (select person_id()::uuid));
-- Whoever sees an object may give others a link to it; a place to put one only who may put one.
create policy storage_links_make on storage_links for insert to scribe_rest with check (
	made_by is not distinct from (select person_id()::uuid)
	and case when object_id is null then (select person_role()) in ('owner', 'admin')
		else exists (select from storage_objects o where o.id = object_id) end);

grant select (id, size_max, types, bytes, created_at, updated_at) on storage_buckets to scribe_rest;
grant select (id, bucket_id, name, version, size, type, etag, cache_control, metadata, put_by,
	session_id, created_at, updated_at) on storage_objects to scribe_rest;
grant insert (id, bucket_id, name, version, size, type, etag, cache_control, metadata, put_by)
	on storage_objects to scribe_rest;
grant update (bucket_id, name, version, size, type, etag, cache_control, metadata)
	on storage_objects to scribe_rest;
grant delete on storage_objects to scribe_rest;
grant insert (hash, object_id, bucket_id, name, is_upsert, made_by, expires_at)
	on storage_links to scribe_rest;

grant execute on function storage_shows(text, uuid, text, uuid) to scribe_rest;
grant execute on function storage_room(bigint, bigint, bigint, hash32, boolean) to scribe_rest, scribe_app;
grant execute on function storage_audit(text, uuid[], hash32) to scribe_rest;
grant execute on function storage_may_put(text, bigint, text, bigint, bigint, hash32, boolean)
	to scribe_rest;
grant execute on function storage_linked(hash32), storage_place(hash32) to scribe_rest;
grant execute on function storage_put_by_link(hash32, uuid, bigint, text, text, text)
	to scribe_rest;
grant execute on function storage_export(text, text, timestamptz, timestamptz) to scribe_rest;
grant execute on function storage_expire(integer) to scribe_app;

commit;
