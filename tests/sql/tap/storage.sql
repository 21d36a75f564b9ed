-- Files in buckets: who sees, puts and removes what, without any program of ours; what goes leaves its
-- bytes to be removed; bounds.
begin;
select plan(61);
grant usage on schema tap to scribe_rest, scribe_app;

insert into profiles (id, role) values
	('00000000-0000-0000-0000-0000000000a1', 'owner'),
	('00000000-0000-0000-0000-0000000000a2', 'admin'),
	('00000000-0000-0000-0000-0000000000a3', 'viewer'),
	('00000000-0000-0000-0000-0000000000a4', 'viewer');
insert into people (id, email, email_hash, admitted_at)
	select id, 'sealed:x', hash(id::text), now() from profiles;
insert into auth_sessions (id, person, ends_at)
	select ('1' || substr(id::text, 2))::uuid, id, now() + interval '1 hour' from people;
create function tap.as_person(who text, statement text) returns text language plpgsql as $$
begin
	perform set_config('scribe.claims', case
		when who in ('anon', 'service_role') then jsonb_build_object('role', who)
		when who <> 'nobody' then jsonb_build_object('role', 'authenticated',
			'sub', '00000000-0000-0000-0000-0000000000' || who,
			'session_id', '10000000-0000-0000-0000-0000000000' || who) end::text, true);
	return tap.as_role('scribe_rest', statement);
end
$$;
-- How many rows they see, or what refuses them.
create function tap.sees(who text, bucket text) returns text language plpgsql as $$
declare
	n bigint;
begin
	perform tap.as_person(who, 'select');
	perform set_config('role', 'scribe_rest', true);
	select count(*) into n from storage_objects where bucket_id = bucket;
	perform set_config('role', 'none', true);
	return n::text;
end
$$;

create temp table ids on commit drop as select session(1, 'v', true) as session;
insert into storage_objects (bucket_id, name, version, size, type, etag, session_id, put_by)
	select 'audio', 's/u.wav', gen_random_uuid(), 10, 'audio/wav', repeat('a', 64), session, null::uuid
		from ids
	union all select 'exports', 'leads/1.csv', gen_random_uuid(), 20, 'text/csv', repeat('a', 64), null::uuid,
		'00000000-0000-0000-0000-0000000000a1'::uuid
	union all select 'exports', 'sessions/1.csv', gen_random_uuid(), 20, 'text/csv', repeat('a', 64),
		null, '00000000-0000-0000-0000-0000000000a3'::uuid
	union all select 'uploads', 'plan.pdf', gen_random_uuid(), 30, 'application/pdf', repeat('a', 64),
		null, '00000000-0000-0000-0000-0000000000a2'::uuid;

select is(sees(who, bucket), wanted, who || ' sees in ' || bucket) from (values
	('a1', 'audio', '1'), ('a1', 'exports', '2'), ('a1', 'uploads', '1'),
	('a2', 'audio', '1'), ('a2', 'exports', '2'), ('a2', 'uploads', '1'),
	('a3', 'audio', '0'), ('a3', 'exports', '1'), ('a3', 'uploads', '1'),
	('a4', 'audio', '0'), ('a4', 'exports', '0'), ('a4', 'uploads', '1'),
	('anon', 'audio', '0'), ('anon', 'exports', '0'), ('anon', 'uploads', '0'),
	('nobody', 'uploads', '0'), ('service_role', 'audio', '1')) as t (who, bucket, wanted);

create function tap.put(who text, bucket text, put_by text, more text default '') returns text
language sql as $$
	select tap.as_person(who, format('insert into storage_objects
		(bucket_id, name, version, size, type, etag, put_by) values (%L, %L, gen_random_uuid(), 1,
		''audio/wav'', repeat(''b'', 64), %L::uuid)', bucket, who || more || '.wav', put_by))
$$;
select is(put(who, 'uploads', by, more), wanted, who || ' puts' || more) from (values
	('a1', '00000000-0000-0000-0000-0000000000a1', '', 'ok'),
	('a2', '00000000-0000-0000-0000-0000000000a2', '', 'ok'),
	('a2', '00000000-0000-0000-0000-0000000000a1', ' for another', '42501'),
	('a3', '00000000-0000-0000-0000-0000000000a3', '', '42501'),
	('anon', null, '', '42501'), ('nobody', null, '', '42501'),
	('service_role', null, '', 'ok')) as t (who, by, more, wanted);

-- What they change is counted by what is left.
select is(as_person('a3', $$delete from storage_objects$$), 'ok', 'a viewer removes');
select is((select array_agg(name order by name) from storage_objects where bucket_id = 'exports'),
	'{leads/1.csv}', 'exports of their own');
select is((select count(*) from storage_objects), 6::bigint, 'and nothing else');
select is(as_person('anon', $$delete from storage_objects$$), 'ok', 'nobody removes');
select is(as_person('a4', $$update storage_objects set name = 'x.pdf' where bucket_id = 'uploads'$$),
	'ok', 'a viewer renames');
select is((select count(*) from storage_objects where name <> 'x.pdf'), 6::bigint, 'nothing');
select is(as_person('a1', $$update storage_objects set put_by = null$$), '42501',
	'an owner is not changed');
select is(as_person('a1', $$update storage_objects set session_id = null$$), '42501',
	'nor whose recording it is');
select is(as_person('a1', $$select from storage_links$$), '42501', 'links are read by nobody');
select is(as_person('a1', $$select from storage_gone$$), '42501', 'nor what is gone');

-- ---- links ----
create function tap.link(who text, object text, token text) returns text language sql as $$
	select tap.as_person(who, format('insert into storage_links (hash, object_id, made_by, expires_at)
		values (sha256(%L), (select id from storage_objects where name = %L), %L,
		now() + interval ''1 minute'')', token, object,
		case when who <> 'service_role' then '00000000-0000-0000-0000-0000000000' || who end))
$$;
select is(link('a2', 's/u.wav', 'one'), 'ok', 'an admin links a recording');
select is(link('a3', 'plan.pdf', 'two'), 'ok', 'a viewer what they see');
select isnt(link('a3', 's/u.wav', 'three'), 'ok', 'and not what they do not see');
select is((select name from storage_linked(sha256('one'))), 's/u.wav', 'the link opens it');
select is((select count(*) from storage_linked(sha256('none'))), 0::bigint, 'no other does');
select is(as_person(who, format('select storage_audit(''file_read'', %L::uuid[], %s)', ids, token)),
		wanted, who || ' opens all, by ' || token)
	from (select array_agg(id) as ids from storage_objects) o, (values (1, 'a2', 'null', 'ok'),
		(2, 'anon', 'sha256(''one'')', 'ok'), (3, 'anon', 'null', '42501')) as t (n, who, token, wanted)
	order by n;
select is((select array_agg(actor || ' ' || subject || ' ' || (detail ->> 'name') order by id)
		from audit_log where action = 'file_read'),
	'{person:00000000-0000-0000-0000-0000000000a2 audio s/u.wav,'
	'person:00000000-0000-0000-0000-0000000000a2 exports leads/1.csv,link audio s/u.wav}',
	'which the audit log tells of recordings and lists');
update profiles set role = 'viewer' where id = '00000000-0000-0000-0000-0000000000a2';
select is((select count(*) from storage_linked(sha256('one'))), 0::bigint,
	'nor it, once who made it may not see that any more');
update profiles set role = 'admin' where id = '00000000-0000-0000-0000-0000000000a2';
update people set disabled_at = now() where id = '00000000-0000-0000-0000-0000000000a3';
select is((select count(*) from storage_linked(sha256('two'))), 0::bigint, 'or is shut out');
update storage_links set expires_at = now() - interval '1 second';
select is((select count(*) from storage_linked(sha256('one'))), 0::bigint, 'nor when it is over');
select is(storage_expire(10), 2::bigint, 'then it is removed');

-- ---- bytes and bounds ----
select is((select sum(bytes) from storage_buckets), (select sum(size) from storage_objects)::numeric,
	'the bytes of buckets are those of their objects');
select is(storage_room(10, 10, 10, null, true), 'all', 'no room');
select is(storage_room(10, 1000, 1000, null, false), null, 'room');
select is(as_person('a1', $$insert into storage_objects (bucket_id, name, version, size, type, etag,
	put_by) values ('uploads', 'large', gen_random_uuid(), 17 * 1024 * 1024, 'text/plain',
	repeat('b', 64), '00000000-0000-0000-0000-0000000000a1')$$), '54000', 'too large for the bucket');
select is(as_person('a1', $$update storage_objects set type = 'text/html' where bucket_id = 'audio'$$),
	'23514', 'not of its types');
select is(as_person('a1', $$update storage_objects set name = 'a/../b' where bucket_id = 'audio'$$),
	'23514', 'a name that is no name');
delete from storage_gone;
select remove_session(session, null) from ids;
select is((select count(*) from storage_objects where bucket_id = 'audio'), 0::bigint,
	'a session takes its recordings along');
select is((select count(*) from storage_gone), 1::bigint, 'whose bytes are to be removed');
select is((select count(*) from jobs where kind = 'storage_gone' and state = 'ready'), 1::bigint,
	'by a job');

-- ---- exports ----
select is(as_person('a4',
	$q$do $$ begin assert storage_export('leads', 'csv', null, null) is null; end $$$q$), 'ok',
	'a viewer has no list of leads');
select is(as_person('a4', $$select storage_export('sessions', 'csv', null, null)$$), 'ok',
	'but one of sessions');
select is(as_person('anon',
	$q$do $$ begin assert storage_export('sessions', 'csv', null, null) is null; end $$$q$), 'ok', 'nobody else');
select is((select count(*) from audit_log where action = 'export'), 1::bigint, 'which is noted');
select is(as_person('a4', $q$do $$ begin
	perform storage_export('sessions', 'csv', null, null), storage_export('sessions', 'csv', null, null);
	assert storage_export('sessions', 'csv', null, null) = 'many'; end $$$q$), 'ok', 'three at once');

select * from finish();
rollback;
