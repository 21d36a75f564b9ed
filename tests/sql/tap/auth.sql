-- What each request may see by who asks, and how long what signing in leaves is kept.
begin;
select plan(40);
grant usage on schema tap to scribe_app;

create function pg_temp.person(number int, given text, is_admitted boolean default true) returns uuid
language plpgsql as $$
declare
	id uuid := lpad(number::text, 32, '0')::uuid;
begin
	perform person_make(id, 'Person ' || number, given);
	insert into people (id, email, email_hash, admitted_at) values (id, 'sealed:v2:k1:eA==',
		hash(number::text), case when is_admitted then now() end);
	insert into auth_sessions (id, person, ends_at) values (id, id, now() + interval '1 hour');
	return id;
end
$$;
select pg_temp.person(1, 'owner'), pg_temp.person(2, 'admin'), pg_temp.person(3, 'viewer'),
	pg_temp.person(4, 'admin', false);

-- What somebody is by these claims: asked as a program does.
create function pg_temp.is(claims text) returns text language plpgsql as $$
declare
	role_found text;
begin
	perform set_config('scribe.claims', claims, true);
	perform set_config('role', 'scribe_app', true);
	role_found := person_role();
	perform set_config('role', 'none', true);
	return role_found;
end
$$;
create function pg_temp.signed_in(person int, session int default null) returns text language sql as $$
	select pg_temp.is(json_build_object('role', 'authenticated',
		'sub', lpad(person::text, 32, '0')::uuid,
		'session_id', lpad(coalesce(session, person)::text, 32, '0')::uuid)::text)
$$;

select is(person_role(), null, 'nobody without claims');
select is(pg_temp.is(''), null, 'nor with none');
select is(pg_temp.is('{"role": "anon"}'), null, 'the public key is nobody');
select is(pg_temp.is('{}'), null, 'claims without a role are nobody''s');
select is(pg_temp.is('{"role": "owner"}'), null, 'a role of ours is no claim');
select is(pg_temp.is('{"role": "authenticated"}'), null, 'nobody is signed in without a session');
select is(pg_temp.is('{"role": "service_role"}'), 'owner', 'the service key may all');
select is(pg_temp.signed_in(1), 'owner', 'an owner');
select is(pg_temp.signed_in(2), 'admin', 'an admin');
select is(pg_temp.signed_in(3), 'viewer', 'a viewer');
select is(pg_temp.signed_in(4), null, 'who signed up and was not admitted');
select is(pg_temp.signed_in(3, 1), null, 'a session of somebody else''s');
select is(pg_temp.signed_in(9), null, 'nobody there is');

-- At once, whatever the token says.
update profiles set role = 'viewer' where id = lpad('2', 32, '0')::uuid;
select is(pg_temp.signed_in(2), 'viewer', 'who was demoted');
update auth_sessions set revoked_at = now() where id = lpad('2', 32, '0')::uuid;
select is(pg_temp.signed_in(2), null, 'who was signed out');
update auth_sessions set ends_at = now() where id = lpad('1', 32, '0')::uuid;
select is(pg_temp.signed_in(1), null, 'whose session is over');
update people set disabled_at = now() where id = lpad('3', 32, '0')::uuid;
select is(pg_temp.signed_in(3), null, 'who was shut out');

select is(try('select password from people'), 'ok', 'programs check passwords');
select is(try('select person_make(gen_random_uuid(), ''x'', ''god'')'), '23514', 'no other roles');
select is(try('insert into people (id, email, email_hash) values (gen_random_uuid(),
	''sealed:v2:k1:eA=='', hash(''x''))'), '23503', 'a person has a profile');
select is(try('insert into people (id, email, email_hash) select id, ''dana@x.example'', hash(''x'')
	from profiles limit 1'), '23514', 'no address in plain');
select is(try('update people set password = ''$argon2id$x'''), '23514', 'no hash in plain');
select is(try('insert into refresh_tokens (hash, session) select ''\x00'', id from auth_sessions'),
	'23514', 'a token is a hash');
select is(try('update auth_sessions set person = person'), '42501',
	'programs give no session to another');
select is(try('delete from people'), '42501', 'programs delete nobody so');
select is(as_role('scribe_user', 'select person_role()'), '42501', 'others do not ask');
select is(as_role('scribe_user', 'select from people'), '42501', 'nor read');

-- One who is no person of ours is not touched by the functions for those.
insert into profiles (id, role) values (lpad('8', 32, '0')::uuid, 'viewer');
select is(person_give_role(lpad('8', 32, '0')::uuid, 'owner'), false, 'a role is a person''s');
select is(person_remove(lpad('8', 32, '0')::uuid), false, 'a profile alone stays');
select is(person_give_role(lpad('4', 32, '0')::uuid, 'viewer'), true, 'a role is given');
select results_eq($$select role from profiles where id = lpad('4', 32, '0')::uuid$$,
	$$values ('viewer')$$, 'and is there');

-- What is kept no longer.
insert into refresh_tokens (hash, session, used_at, successor)
	select hash('old'), lpad('4', 32, '0')::uuid, now() - interval '31 days', null union all
	select hash('used'), lpad('4', 32, '0')::uuid, now() - interval '2 minutes', 'sealed:v2:k1:eA=='
	union all select hash('just'), lpad('4', 32, '0')::uuid, now(), 'sealed:v2:k1:eA==';
update auth_sessions set revoked_at = now() - interval '8 days' where id = lpad('2', 32, '0')::uuid;
update auth_sessions set ends_at = now() - interval '8 days' where id = lpad('1', 32, '0')::uuid;
insert into recoveries (person, ends_at) select id, now() - interval '8 days' from people limit 1;
insert into auth_attempts (key, spent_until, known_until) values
	(hash('spent'), now() - interval '1 s', null), (hash('spending'), now() + interval '1 s', null),
	(hash('known'), now() - interval '1 s', now() + interval '1 day');
-- Signed up long ago: with nothing open, with a link that is, confirmed, admitted, shut out.
select pg_temp.person(number, 'viewer', number = 13) from generate_series(10, 14) as number;
delete from auth_sessions where id >= lpad('10', 32, '0')::uuid;
update people set created_at = now() - interval '8 days' where id >= lpad('10', 32, '0')::uuid;
insert into recoveries (person, ends_at, used_at) values
	(lpad('10', 32, '0')::uuid, now() - interval '1 s', null),
	(lpad('10', 32, '0')::uuid, now() + interval '1 hour', now()),
	(lpad('11', 32, '0')::uuid, now() + interval '1 hour', null);
update people set confirmed_at = now() where id = lpad('12', 32, '0')::uuid;
update people set disabled_at = now() where id = lpad('14', 32, '0')::uuid;
create temp table purged on commit drop as select * from purge_auth(100);
select results_eq('select what, removed from purged order by what', $$values
	('auth_attempts', 1::bigint), ('auth_sessions', 2), ('people', 1), ('recoveries', 1),
	('refresh_tokens', 1),
	('successors', 1)$$, 'what is over goes');
select results_eq($$select id from profiles where id >= lpad('10', 32, '0')::uuid order by id$$,
	$$select lpad(number::text, 32, '0')::uuid from generate_series(11, 14) as number$$,
	'of who never confirmed only who has no link to do so');
select is(count(*)::int, 1, 'and the audit log tells of it') from audit_log
	where actor = 'housekeeping' and action = 'person_removed'
		and subject = 'people:' || lpad('10', 32, '0')::uuid;
select is(count(*)::int, 1, 'a successor just made stays') from refresh_tokens
	where successor is not null and hash = hash('just');
select is(count(*)::int, 2, 'sessions in use stay') from auth_sessions;
select is(count(*)::int, 2, 'whoever is known, too') from auth_attempts;
select is(try('select purge_auth(10)'), 'ok', 'programs clean up');

select is(person_remove(lpad('4', 32, '0')::uuid), true, 'a person is removed');
select results_eq($$select (select count(*) from profiles where id = lpad('4', 32, '0')::uuid),
	(select count(*) from people where id = lpad('4', 32, '0')::uuid),
	(select count(*) from auth_sessions where person = lpad('4', 32, '0')::uuid),
	(select count(*) from refresh_tokens)$$,
	'values (0::bigint, 0::bigint, 0::bigint, 0::bigint)', 'with all that hangs on them');

select * from finish();
rollback;
