-- What the programs may not do, and a signed-in person neither.
begin;
select plan(75);

grant usage on schema tap to scribe_app, scribe_user;
select session(1);
insert into profiles (id, display_name) values
	('00000000-0000-0000-0000-00000000000a', 'Ada'),
	('00000000-0000-0000-0000-00000000000b', 'Bob');
insert into audit_log (actor, action, subject) values ('test', 'read', 'session');

select is(try(format('drop table %I', tablename)), '42501', 'programs do not drop ' || tablename)
	from pg_tables where schemaname = 'public' order by 1;
select is(count(*)::int, 38, 'thirty-eight tables, none of them owned by a program')
	from pg_tables where schemaname = 'public' and tableowner = 'scribe_owner';

select is(try(statement), '42501', 'programs: ' || statement) from (values
	('alter table sessions add column x int'),
	('create table own (id int)'),
	('create temp table own (id int)'),
	('create function own() returns int language sql as ''select 1'''),
	('create schema own'),
	('create role own'),
	('drop index sessions_idle_idx'),
	('truncate events'),
	('alter table memories disable trigger all'),
	('delete from sessions'),
	('delete from jobs'),
	('delete from email_signups'),
	('delete from mailboxes'),
	('delete from ledger'),
	('update sessions set secret_hash = secret_hash'),
	('update sessions set visitor_id = ''x'', consent = true'),
	('update memories set owner = owner'),
	('update profiles set role = ''owner'''),
	('insert into profiles (role) values (''owner'')'),
	('select * from audit_log'),
	('delete from audit_log'),
	('update audit_log set actor = ''nobody'''),
	('insert into audit_log (actor, action, subject, detail) values (''a'', ''b'', ''c'', ''{}'')'),
	('insert into audit_log (actor, action, subject, at) values (''a'', ''b'', ''c'', now())'),
	('select * from sqitch.changes')) as denied (statement);

select is(try($$insert into audit_log (actor, action, subject, session_id)
	values ('a', 'read', 's', null)$$), 'ok',
	'programs write the audit log');
select is(try('select * from profiles'), 'ok', 'programs read profiles');
select throws_ok('delete from audit_log', '42501', null,
	'not even an operator edits the audit log');

select set_config('scribe.user_id', '00000000-0000-0000-0000-00000000000a', true);
select is(as_role('scribe_user', $$update profiles set display_name = 'Ada L.'$$), 'ok',
	'a person renames themselves');
select results_eq('select display_name from profiles order by id', $$values ('Ada L.'), ('Bob')$$,
	'and nobody else');
select is(as_role('scribe_user', $$update profiles set role = 'owner'$$), '42501',
	'a person does not raise their own role');
select is(as_role('scribe_user', 'select * from sessions'), '42501',
	'a person reads no sessions that way');
select is(as_role('scribe_app', 'select purge_expired()'), 'ok', 'programs clean up');
select is(as_role('scribe_app', 'select purge_ledger()'), 'ok', 'the ledger too');

insert into turns (session_id, turn, message_hash, ends_by, state)
	select id, n, hash('x'), now(), how
		from sessions, (values (1, 'running'), (2, 'superseded')) as t (n, how);
select is(count(*)::int, 0, 'nobody takes a turn from who has it')
	from sessions s, turn_take_over(s.id, 1, gen_random_uuid(), gen_random_uuid(), now()) t;
select is(count(*)::int, 1, 'one that was stopped is anybody''s')
	from sessions s, turn_take_over(s.id, 2, gen_random_uuid(), gen_random_uuid(), now()) t;

select * from finish();
rollback;
