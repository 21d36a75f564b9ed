-- What is kept no longer goes, by the programs' hands, and they can make nothing go earlier.
begin;
select plan(39);
grant usage on schema tap to scribe_app;

-- 1 is old, 2 younger by a day than what goes, 3 old and open, 4 old and in use.
create function pg_temp.used(number int, days int, is_open boolean default false) returns uuid
language sql as $$
	insert into sessions (id, secret_hash, started_at, created_at, last_active_at, ended_at)
		values (lpad(number::text, 32, '0')::uuid, hash(number::text), now() - days * interval '1 day',
			now() - days * interval '1 day', now() - days * interval '1 day',
			case when not is_open then now() - days * interval '1 day' end)
		returning id
$$;
create temp table old on commit drop as select pg_temp.used(1, 366) as id;
create temp table young on commit drop as select pg_temp.used(2, 364) as id;
create temp table still_open on commit drop as select pg_temp.used(3, 500, true) as id;
grant select on old, young, still_open to scribe_app;
insert into utterances (session_id, speaker, text) select o.id, 'visitor', 'x' from
	(table old union all table young) o, generate_series(1, 30);
insert into turns (session_id, turn, message_hash, ends_by, visitor_utterance_id)
	select session_id, row_number() over (partition by session_id), hash('x'), now(), id
		from utterances;
insert into memories (session_id, owner, scope, content, content_hash, utterance_id)
	select s.id, memory_owner, 'episodic', '"x"'::jsonb, hash('x'), u.id
		from sessions s join utterances u on u.session_id = s.id;
insert into turn_answers (session_id, turn, due, answer) select id, 1, now(), '\x00' from old;
insert into given_names (session_id, name) select id, 'sealed:v1:k1:eA==' from old;
insert into email_signups (email, email_hash, session_id, made_by)
	select 'sealed:v1:k1:eA==', hash('mail'), id, id from old;
insert into audio_cache (key, provider, format, audio, last_used_at) values
	(hash('old'), 'local', 'mp3', '\x00', now() - interval '31 days'),
	(hash('young'), 'local', 'mp3', '\x00', now() - interval '29 days');
insert into audit_log (actor, action, subject, at) values
	('old', 'read', 'x', now() - interval '731 days'),
	('young', 'read', 'x', now() - interval '729 days');

-- What the programs get from a call, as one text.
create function pg_temp.removes(which text, asked int, most int default 500) returns text
language sql as $$
	select coalesce(string_agg(what || ' ' || removed, ', ' order by what), 'nothing')
		from retention_remove(which, asked, most)
$$;
create function pg_temp.due(which text, asked int, most int default 500) returns text language sql as
	$$ select days || ' ' || is_removing || ' ' || due from retention_due(which, asked, most) $$;

-- The first week: all is only told.
select ok(removes_from between now() + interval '167 hours' and now() + interval '7 days', what || ': seven days after the migration')
	from retention order by what;
update retention set removes_from = now() + interval '1 minute';
select is(pg_temp.due(what, days), days || ' false 1', what || ': one is due, none is removed')
	from retention order by what;
select is(pg_temp.removes(what, days), 'nothing', what || ': nor by a call')
	from retention order by what;
select throws_ok($$delete from audit_log where actor = 'old'$$, '42501', null,
	'nor do operators remove what is old yet');
update retention set removes_from = now();

-- What a program says can only keep more.
select is(pg_temp.due('sessions', asked), due || ' true ' || n, 'asked for ' || asked) from (values
	(1, '365', 1), (365, '365', 1), (0, '365', 0), (-1, '365', 0), (367, '365', 0))
	as asks (asked, due, n);
select is(pg_temp.removes('sessions', asked), 'nothing', 'asked for ' || asked || ', none goes')
	from unnest(array[0, -1, 367]) as asked;
select is(pg_temp.removes('sessions', 1, null), 'nothing', 'nor without a bound');
select is(try('update retention set days = 0'), '42501', 'the programs do not set it');
select is(try('select remove_session(id, null) from sessions'), '42501',
	'nor remove any session they like');
select is(try($$update sessions set last_active_at = '2000-01-01'$$), 'ok',
	'they write when a session was used');
select is(count(*)::int, 0, 'but it never goes back') from sessions
	where last_active_at < now() - interval '501 days';
select is(try($$update sessions set last_active_at = now()
	where id = '00000000-0000-0000-0000-000000000003'$$), 'ok', 'it goes on');
update sessions set last_active_at = now() - interval '500 days' where id = (select id from still_open);
select is(count(*)::int, 1, 'the owner can set it back') from sessions
	where last_active_at < now() - interval '499 days';

-- A large one goes in parts, itself at last.
select is(pg_temp.removes('sessions', 1, 20), 'given_names 1, memories 19', 'a part of it');
select is(count(*)::int, 2, 'it is there until all else is gone') from sessions
	where id in (select id from old union all select id from young);
select is(pg_temp.removes('sessions', 1, 20), 'memories 11, turn_answers 1, turns 8', 'another');
select is(pg_temp.removes('sessions', 1),
	'sessions 1, turns 22, utterances 30', 'the rest, and the session');
select is(pg_temp.removes('sessions', 1), 'nothing', 'and no other');
select is(count(*)::int, 90, 'nothing of another goes') from (select id from utterances
	union all select id from memories union all select session_id from turns) r;
select is(count(*)::int, 0, 'an open one is none that is old')
	from still_open o where not exists (select from sessions where id = o.id);
select results_eq('select session_id is null and made_by is null from email_signups', array[true],
	'a sign-up stands for itself');
select is(detail->>'count', '1', 'that sessions went is on record') from audit_log
	where actor = 'retention';

select is(pg_temp.removes('audio_cache', 1), 'audio_cache 1', 'made speech goes');
select is(count(*)::int, 1, 'but what was asked for in the time') from audio_cache;
select is(pg_temp.removes('audit_log', 1), 'audit_log 1', 'old rows of the audit log go');
select throws_ok($$delete from audit_log where actor = 'young'$$, '42501', null,
	'younger ones by nobody');
update retention set days = 0;
select is(pg_temp.due('sessions', 1), '0 true 0', '0 days keep all');

select * from finish();
rollback;
