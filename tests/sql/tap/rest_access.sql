-- What people who sign in see and change, as scribe_rest in psql: without a line of C.
begin;
select plan(135);
grant usage on schema tap to scribe_app, scribe_rest;

-- ---- who, and what there is ----

create function pg_temp.person(number int, given text, admitted timestamptz default now(),
	ends interval default '1 hour') returns void language plpgsql as $$
declare
	id uuid := lpad(number::text, 32, '0')::uuid;
begin
	perform person_make(id, 'Person ' || number, given);
	insert into people (id, email, email_hash, admitted_at)
		values (id, 'sealed:v2:k1:eA==', hash(number::text), admitted);
	insert into auth_sessions (id, person, ends_at) values (id, id, now() + ends);
end
$$;
select pg_temp.person(11, 'owner'), pg_temp.person(12, 'admin'), pg_temp.person(13, 'viewer'),
	pg_temp.person(14, 'admin', null), pg_temp.person(15, 'admin', ends => '-1 second'),
	pg_temp.person(16, 'admin'), pg_temp.person(17, 'admin');
update auth_sessions set revoked_at = now() where person = lpad('16', 32, '0')::uuid;
update people set disabled_at = now() where id = lpad('17', 32, '0')::uuid;

create function pg_temp.claims_of(who text) returns text language sql as $$
	select case who when 'nobody' then '' when 'anon' then '{"role": "anon"}'
		when 'service' then '{"role": "service_role"}'
		when 'the owner of the database' then '{"role": "scribe_owner"}'
		else (select json_build_object('role', 'authenticated', 'sub', id, 'session_id', session)::text
			from (select lpad(split_part(who, '/', 1), 32, '0')::uuid as id,
				lpad(split_part(who || '/' || who, '/', 2), 32, '0')::uuid as session) p) end
$$;
-- Runs it as scribe_rest for who asks: 'ok', how many rows it was about, or the SQLSTATE.
create function pg_temp.by(who text, statement text) returns text language plpgsql as $$
declare
	n bigint;
begin
	perform set_config('scribe.claims', pg_temp.claims_of(who), true);
	perform set_config('role', 'scribe_rest', true);
	execute statement;
	get diagnostics n = row_count;
	perform set_config('role', 'none', true);
	perform set_config('scribe.claims', '', true);
	return n;
exception when others then
	perform set_config('scribe.claims', '', true);
	return sqlstate;
end
$$;
create function pg_temp.value_by(who text, query text) returns text language plpgsql as $$
declare
	found text;
begin
	perform set_config('scribe.claims', pg_temp.claims_of(who), true);
	perform set_config('role', 'scribe_rest', true);
	execute query into found;
	perform set_config('role', 'none', true);
	perform set_config('scribe.claims', '', true);
	return found;
end
$$;

\set one '''00000000-0000-0000-0000-000000000001'''
select session(1, '7e57ab1e-0000-4000-8000-000000000001', true);
update sessions set email = 'sealed:v2:k:ZQ==', email_hash = hash('dana@x.example'),
	contact_name = 'sealed:v2:k:bg==', names_sealed = 'sealed:v2:k:bnM=';
insert into utterances (id, session_id, speaker, text, text_sealed)
	values (:one, :one, 'visitor', 'I am [name].', 'sealed:v2:k:dA==');
insert into utterances (id, session_id, speaker, text, in_distress) values
	('00000000-0000-0000-0000-000000000002', :one, 'visitor', 'I want to die.', true);
insert into extracts (id, session_id, utterance_id, intent, confidence, lead_score, contact_sealed)
	values (:one, :one, :one, 'advice_request', 0.5, 10, 'sealed:v2:k:Yw==');
insert into summaries (session_id, executive_summary, action_items, sealed) values (:one, 'Short.',
	'[{"text": "Call [name]", "owner": "team", "priority": "high"}]', 'sealed:v2:k:cw==');
insert into events (session_id, kind) values (:one, 'session_started');
insert into memories (id, session_id, owner, visitor_id, scope, content, content_hash, sealed)
	select :one, id, memory_owner, visitor_id, 'long', '"I am [name]."', hash('m'),
		'sealed:v2:k:bQ==' from sessions where id = :one;
insert into email_signups (id, email, email_hash) values (:one, 'sealed:v2:k:ZQ==', hash('e'));

-- ---- rows ----

select is(pg_temp.value_by(who, 'select concat_ws('' '', (select count(*) from sessions),
			(select count(*) from utterances), (select count(*) from extracts),
			(select count(*) from summaries), (select count(*) from events),
			(select count(*) from memories), (select count(*) from email_signups),
			(select count(*) from action_items), (select count(*) from profiles))'), wanted,
		'rows for ' || who)
	from (values ('nobody', '0 0 0 0 0 0 0 0 0'), ('anon', '0 0 0 0 0 0 0 0 0'),
		('the owner of the database', '0 0 0 0 0 0 0 0 0'),
		('14', '0 0 0 0 0 0 0 0 0'), -- was not admitted
		('15', '0 0 0 0 0 0 0 0 0'), -- whose session is over
		('16', '0 0 0 0 0 0 0 0 0'), -- who was signed out
		('17', '0 0 0 0 0 0 0 0 0'), -- who was shut out
		('13/12', '0 0 0 0 0 0 0 0 0'), -- with another's session
		('13', '1 1 1 1 1 1 1 1 1'), ('12', '1 1 1 1 1 1 1 1 7'),
		('11', '1 1 1 1 1 1 1 1 7'), ('service', '1 1 1 1 1 1 1 1 7')) as m (who, wanted);

-- What is said in distress is a row without its words; of the table not even that (see above).
select is(pg_temp.value_by(who, 'select string_agg(text, '' '' order by position) from
			utterances_told'), wanted, 'what was said for ' || who)
	from (values ('nobody', null), ('16', null), ('13', 'I am [name]. (in distress)'),
		('12', 'I am [name]. (in distress)'), ('11', 'I am [name]. (in distress)'),
		('service', 'I am [name]. (in distress)')) as m (who, wanted);

-- ---- columns ----

select is(pg_temp.by('11', format('select %s from %s', name, origin)), '42501',
		'not even an owner reads ' || origin || '.' || name)
	from (values ('sessions', 'secret_hash'), ('sessions', 'visitor_id'), ('sessions', 'email'),
		('sessions', 'email_hash'), ('sessions', 'contact_name'), ('sessions', 'notes'),
		('sessions', 'names_sealed'), ('sessions', 'memory_owner'), ('sessions', 'payers'),
		('sessions', '*'), ('utterances', 'text_sealed'), ('extracts', 'contact_sealed'),
		('summaries', 'sealed'), ('memories', 'sealed'), ('memories', 'owner'),
		('memories', 'visitor_id'), ('memories', 'embedding'), ('memories', 'index_text'),
		('email_signups', 'email'), ('email_signups', 'email_hash'), ('email_signups', 'name'),
		('audit_log', '*'), ('people', '*'), ('auth_sessions', '*'), ('refresh_tokens', '*'),
		('turns', '*'), ('jobs', '*'), ('given_names', '*'), ('visitor_alias_key', '*'),
		('hidden_of_sessions(''{}'', true)', '*')) as c (origin, name);

-- ---- changes ----

select is(pg_temp.by(who, statement), wanted, who || ': ' || statement)
	from (values
		('nobody', 'update sessions set cta_chosen = ''x''', '0'),
		('16', 'update sessions set cta_chosen = ''x''', '0'),
		('13', 'update sessions set cta_chosen = ''x''', '0'),
		('12', 'update sessions set cta_chosen = ''demo''', '1'),
		('11', 'update sessions set notes = ''in plain words''', '23514'),
		('11', 'update sessions set lead_score = 100', '42501'),
		('11', 'update sessions set email = null', '42501'),
		('11', 'insert into sessions (secret_hash) values (sha256(''x''))', '42501'),
		('11', 'update utterances set text = ''x''', '42501'),
		('11', 'delete from utterances', '42501'),
		('11', 'delete from profiles', '42501'),
		('11', 'update profiles set role = ''viewer''', '42501'),
		('13', 'update profiles set display_name = ''Me''', '1'),
		('12', 'update profiles set display_name = ''All''', '7'),
		('anon', 'update profiles set display_name = ''x''', '0'),
		('13', 'update action_items set status = ''done''', '42501'),
		('nobody', 'update action_items set status = ''done''', '0'),
		('12', 'update action_items set status = ''done''', '1'),
		('12', 'update action_items set status = ''lost''', '23514'),
		('12', 'update action_items set text = ''x''', '42501'),
		('13', 'delete from memories', '0'),
		('12', 'delete from memories where summary = ''x''', '0'),
		('nobody', 'delete from sessions', '0'),
		('13', 'delete from sessions', '0')) as c (who, statement, wanted);
select results_eq('select cta_chosen, notes::text from sessions', $$values ('demo', null::text)$$,
	'what was refused is not in force');
select is(pg_temp.value_by('13', 'select status from action_items'), 'done', 'an item is done');
update summaries set action_items = action_items || '[{"text": "Write", "owner": "team"}]';
select is(pg_temp.value_by('13', 'select string_agg(status, '' '' order by position)
	from action_items'), 'done open', 'and stays so when a summary says it again');

-- ---- what is sealed ----

select is(pg_temp.value_by(who, $$select parts->>'email' from hidden_of('sessions',
			array['00000000-0000-0000-0000-000000000001'::uuid], true, 'id=eq.1')$$), wanted,
		'the address, for ' || who)
	from (values ('nobody', null), ('anon', null), ('16', null), ('13', '[email]'),
		('12', 'sealed:v2:k:ZQ==')) as h (who, wanted);
select results_eq('select actor, action, subject, detail from audit_log', $$values (
	'person:00000000-0000-0000-0000-000000000012', 'contact_read', 'sessions',
	'{"filter": "id=eq.1", "ids": ["00000000-0000-0000-0000-000000000001"]}'::jsonb)$$,
	'who opened it is in the audit log, once, and nobody else is');
select is(pg_temp.value_by('12', format($$select count(*) from hidden_of(%L,
			array['00000000-0000-0000-0000-000000000001'::uuid], false, '') where is_sealed$$, which)),
		'0', 'nothing of ' || which || ' is given that is not wanted')
	from unnest(array['sessions', 'utterances', 'extracts', 'summaries', 'action_items',
		'email_signups']) as which;
select is(pg_temp.value_by(who, format($$select concat(is_sealed, parts->>'sealed')
			from hidden_of(%L, array['00000000-0000-0000-0000-000000000001'::uuid], true, '')$$,
			which)), wanted, which || ' for ' || who)
	from (values ('13', 'utterances', null), ('12', 'utterances', 'tsealed:v2:k:dA=='),
		('12', 'extracts', 'tsealed:v2:k:Yw=='), ('13', 'summaries', null),
		('12', 'summaries', 'tsealed:v2:k:cw=='), ('12', 'action_items', 'tsealed:v2:k:cw=='),
		('13', 'memories', 'f'), ('12', 'memories', 'tsealed:v2:k:bQ=='),
		('12', 'people', null)) as h (who, which, wanted);
select is(pg_temp.value_by(who, $$select contacts_with_email('sessions',
			array[sha256('dana@x.example')], 'email=eq.[email]')$$), wanted,
		who || ' looks for an address')
	from (values ('anon', '{}'), ('13', '{}'),
		('12', '{00000000-0000-0000-0000-000000000001}')) as h (who, wanted);
select is((select action from audit_log order by id desc limit 1), 'contact_sought',
	'which the audit log tells, too');
select is(pg_temp.by('nobody', $$select person_audit('a', 'b', '{}', 'c')$$), '42501',
	'nobody writes into it');

-- ---- visitors ----

select pg_temp.value_by('13', $$select shown->>'visitor_id' from hidden_of('sessions',
	array['00000000-0000-0000-0000-000000000001'::uuid], false, '')$$) as alias \gset
select matches(:'alias'::text, '^visitor-[0-9a-f]{32}$', 'a visitor has another name');
select is(pg_temp.value_by(who, format('select sessions_of_visitors(array[%L])',
			:'alias'::text)), wanted,
		who || ' finds sessions by it')
	from (values ('anon', '{}'), ('13', '{00000000-0000-0000-0000-000000000001}'))
		as h (who, wanted);
select is(pg_temp.value_by('13', $$select sessions_of_visitors(
	array['7e57ab1e-0000-4000-8000-000000000001'])$$), '{}', 'not by the id itself');

-- ---- jobs, and who saw what ----

insert into jobs (kind, payload, state, last_error) values
	('a', '{"to": "dana"}', 'dead', 'upstream_failed: for dana'), ('b', '{}', 'ready', 'as it was');
select is(pg_temp.value_by(who, $$select string_agg(concat(kind, ' ', error), ', ' order by kind)
			from jobs_told where kind in ('a', 'b')$$), wanted, 'jobs for ' || who)
	from (values ('nobody', null), ('anon', null), ('14', null), ('16', null), ('17', null),
		('13', null), ('12', 'a upstream_failed, b not_ended'),
		('11', 'a upstream_failed, b not_ended'), ('service', 'a upstream_failed, b not_ended'))
		as m (who, wanted);
select is(pg_temp.by(who, 'select * from audit_told(1, 9223372036854775807, null)'), wanted,
		'the log for ' || who)
	from (values ('nobody', '42501'), ('anon', '42501'), ('14', '42501'), ('16', '42501'),
		('17', '42501'), ('13', '42501'), ('12', '1'), ('11', '1'), ('service', '1'))
		as m (who, wanted);
select is(pg_temp.by('11', 'select * from audit_log'), '42501', 'by nothing else');
select results_eq($$select actor, action, subject, detail->>'filter' from audit_log
		order by id desc limit 1$$, $$values ('service_role', 'contact_read', 'people', 'of=log')$$,
	'whose account was shown is in it');
insert into audit_log (actor, action, subject) select 'x', 'y', 'z' from generate_series(1, 300);
select is(pg_temp.by('12', 'select * from audit_told(1000, 9223372036854775807, null)'), '200',
	'never more than 200 at once');
select session(2);
insert into utterances (id, session_id, speaker, text, text_sealed) values
	('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', 'visitor', 'x',
		'sealed:v2:k:dA==');
select pg_temp.by('12', format('select * from hidden_of(''utterances'', %L, true, %L)', ids, ids))
	from (values ('{00000000-0000-0000-0000-000000000001}'),
		('{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000003}')) k (ids);
select is(pg_temp.value_by('12', format($$select string_agg(concat(right(of_session::text, 1), ' ', rows_n),
			', ' order by entry) from audit_told(200, 9223372036854775807,
			lpad(%L, 32, '0')::uuid) where of_what = 'utterances' and asked like '{%%'$$, session)), wanted,
		'who saw something of session ' || session)
	from (values ('1', '1 1,  2'), ('2', ' 2'), ('3', null)) as m (session, wanted);

-- ---- plans ----

-- As a program that serves visitors has it.
create function pg_temp.plan_as_app(statement text) returns text language plpgsql as $$
declare
	found text;
begin
	perform set_config('role', 'scribe_app', true);
	found := tap.plan_of(statement);
	perform set_config('role', 'none', true);
	return found;
end
$$;
create temp table plans as select statement, pg_temp.plan_as_app(statement) as plan from unnest(array[
	$$select u.text from sessions s join utterances u on u.session_id = s.id
		where s.id = '00000000-0000-0000-0000-000000000007' and secret_matches(s.secret_hash, '\x')
		order by u.position desc limit 20$$,
	$$update sessions s set turn = s.turn + 1 from turns t where t.session_id = s.id
		and t.turn = s.turn and s.id = '00000000-0000-0000-0000-000000000007' returning s.id$$,
	$$select m.id from memories m where owner = 'x' and not is_indexed
		order by embedding::halfvec(384) <=> null::halfvec(384), position desc limit 20$$,
	$$select m.id from memories m join sessions s on s.memory_owner = m.owner
		where s.id = '00000000-0000-0000-0000-000000000007' and m.is_indexed
		and memory_word_keys(m.owner, tsvector_to_array(search)) && memory_word_keys('x', '{topic}')$$,
	$$insert into summaries (session_id, executive_summary)
		values ('00000000-0000-0000-0000-000000000007', 'x')
		on conflict (session_id) do update set executive_summary = 'y' where summaries.importance < 5$$,
	$$with ended as (update sessions set ended_at = now() where ended_at is null
		and last_active_at < now() - interval '1 day' returning id)
		insert into events (session_id, kind) select id, 'ended' from ended$$]) as statement;
alter table sessions disable row level security;
alter table utterances disable row level security;
alter table memories disable row level security;
alter table summaries disable row level security;
alter table events disable row level security;
select is(pg_temp.plan_as_app(statement), plan, 'policies change no plan: ' || split_part(statement, e'\n', 1))
	from plans;

select * from finish();
rollback;
