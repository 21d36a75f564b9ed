-- What functions, triggers and generated columns do.
begin;
select plan(34);
grant usage on schema tap to scribe_app;

select ok(secret_matches(hash('a'), hash('a')), 'equal digests match');
select ok(not secret_matches(hash('a'), hash('b')), 'others do not');
select ok(not secret_matches(hash('a'), substr(hash('a'), 1, 31)), 'nor a part');
select ok(not secret_matches(hash('a'), ''), 'nor nothing');
select is(secret_matches(hash('a'), null), false, 'nor null, which is false and not null');
select is(secret_matches(null, null), false, 'not even null with null');
select is(try($$select secret_matches('a', 'b')$$), 'ok', 'the programs may ask');
select is(provolatile, 'v'::"char", 'each comparison takes a new key')
	from pg_proc where oid = 'secret_matches(bytea, bytea)'::regprocedure;

-- Who owns the memories of a session.
create temp table owners on commit drop as select * from (values
	(1, 'F47AC10B-58CC-4372-A567-0E02B2C3D479', true, 'v:f47ac10b-58cc-4372-a567-0e02b2c3d479',
		'a UUID with consent is the visitor, in lower case'),
	(2, 'f47ac10b-58cc-4372-a567-0e02b2c3d479', false, 's:00000000-0000-0000-0000-000000000002',
		'without consent it is the session'),
	(3, 'ada', true, 's:00000000-0000-0000-0000-000000000003', 'a name is no bearer secret'),
	(4, 'f47ac10b-58cc-4372-a567-0e02b2c3d479 ', true, 's:00000000-0000-0000-0000-000000000004',
		'nor is a UUID with something behind it'),
	(5, E'f47ac10b-58cc-4372-a567-0e02b2c3d479\n', true,
		's:00000000-0000-0000-0000-000000000005',
		'nor with a line break behind it'),
	(6, '00000000-0000-0000-0000-000000000002', true, 'v:00000000-0000-0000-0000-000000000002',
		'a session id used as visitor id is not that session'))
	as cases (number, visitor, agreed, owner, name);
create temp table made on commit drop as
	select number, session(number, visitor, agreed) as id from owners;
select is(s.memory_owner, o.owner, o.name)
	from owners o join made using (number) join sessions s on s.id = made.id;
insert into sessions (secret_hash) values (hash('a')), (hash('b'));
select is(count(distinct visitor_id)::int, 2, 'visitors without an id are not one visitor')
	from sessions where secret_hash in (hash('a'), hash('b'));

insert into memories (session_id, owner, scope, content, content_hash, index_text)
	select id, memory_owner, 'long', '"x"', hash('x'), 'The parties were running late'
		from sessions where id = '00000000-0000-0000-0000-000000000002';
select ok(search @@ websearch_to_tsquery('english', 'party run'), 'words are found by their stems')
	from memories;
update memories set words = E'Jose\u0301 of Cafés';
select ok(search @@ websearch_to_tsquery('english', 'jose cafe'), 'and in their plain writing')
	from memories;
select results_eq($$ select distinct strip(memory_search_of(w, '', '')) from (values
		('Großes ŞTEFAN ΣΊΣΥΦΟΣ Øre'), ('GROSSES Ștefan σισυφος ore'),
		(E'grosses s\u0327tefan σίσυφοσ øre')) v (w) $$,
	$$ select strip(to_tsvector('english', 'grosses stefan σισυφοσ ore')) $$, 'of one word all alike');
update sessions set consent = true where id = '00000000-0000-0000-0000-000000000002';
select is(owner, 'v:f47ac10b-58cc-4372-a567-0e02b2c3d479', 'memories follow their session''s owner')
	from memories;

update memories set updated_at = now() - interval '1 day';
update memories set embedding = '[1]', embedding_model = 'm';
select ok(updated_at < now(), 'another vector is no change') from memories;
update memories set summary = 'late';
select is(updated_at, now(), 'a new summary is one') from memories;

insert into utterances (id, session_id, speaker, text)
	values ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-000000000001',
		'visitor', 'hello');
insert into extracts (session_id, utterance_id, intent, confidence, lead_score)
	select session_id, id, 'collaboration', 1, unnest(array[39, 40, 69, 70]) from utterances;
select results_eq('select priority from extracts order by lead_score',
	array['low', 'medium', 'medium', 'high'], 'priority follows the score');

-- A worker that comes back after its lease was taken over changes nothing.
insert into jobs (kind, payload) values ('mail', '{}');
update jobs set state = 'running', leased_by = 'a', leased_until = now() - interval '1 s';
update jobs set leased_by = 'b', leased_until = now() + interval '1 min' where leased_until < now();
with late as (update jobs set state = 'done', leased_by = null, leased_until = null
		where state = 'running' and leased_by = 'a' returning 1)
select is(count(*)::int, 0, 'the late worker finishes nothing') from late;
select is(leased_by, 'b', 'the job is the second worker''s') from jobs;

-- Who opens the names of a visitor is told where each is sealed for.
insert into sessions (id, visitor_id, consent, secret_hash, names_sealed, contact_name)
	select ('00000000-0000-0000-0000-0000000000b' || n)::uuid,
			'00000000-0000-0000-0000-0000000000c1', true, hash('s'), 'sealed:list ' || n,
			case when n = 1 then 'sealed:name' end
		from unnest(array[1, 2]) as n;
insert into utterances (id, session_id, speaker, text)
	values ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000b1', 'visitor',
		'x');
insert into extracts (id, session_id, utterance_id, intent, confidence, contact_sealed, lead_score)
	values ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000b1',
		'00000000-0000-0000-0000-0000000000d1', 'media_request', 1, 'sealed:extract', 1);
insert into given_names (id, session_id, name) values ('00000000-0000-0000-0000-0000000000f1',
	'00000000-0000-0000-0000-0000000000b1', 'sealed:signed');
select results_eq($$select * from jsonb_to_recordset(
		session_names('00000000-0000-0000-0000-0000000000b1'))
		as n ("table" text, "column" text, "row" text, sealed text) order by sealed$$, $$values
	('extracts', 'contact_sealed', '00000000-0000-0000-0000-0000000000e1', 'sealed:extract'),
	('sessions', 'names_sealed', '00000000-0000-0000-0000-0000000000b1', 'sealed:list 1'),
	('sessions', 'names_sealed', '00000000-0000-0000-0000-0000000000b2', 'sealed:list 2'),
	('sessions', 'contact_name', '00000000-0000-0000-0000-0000000000b1', 'sealed:name'),
	('given_names', 'name', '00000000-0000-0000-0000-0000000000f1', 'sealed:signed')$$,
	'a name comes with its table, column and row');

-- What has run out goes, what has not stays.
insert into idempotency_keys (function, scope, key_hash, payload_hash, expires_at)
	select 'f', 's', hash(n::text), hash('p'), now() + n * interval '1 min'
		from unnest(array[-2, -1, 1]) as n;
insert into jobs (kind, state, finished_at) select 'old', state, now() - days * interval '1 day'
	from unnest(array['done', 'dead']) as state, unnest(array[1, 8]) as days;
insert into embedding_cache (model, content_hash, embedding, last_used_at)
	select 'm', hash(n::text), '[1]', now() - n * interval '1 day'
		from unnest(array[1, 31]) as n;
insert into chat_budgets (caller_hash, day)
	select hash('c'), current_date - n from unnest(array[1, 40]) as n;
update memories set expires_at = now() - interval '1 s';
select results_eq('select removed from purge_expired(1) where what = ''idempotency_keys''',
	array[1::bigint], 'no more than the batch at once');
select results_eq('select * from purge_expired() order by what', $$values
	('chat_budgets', 0::bigint), ('embedding_cache', 0), ('idempotency_keys', 1), ('jobs', 0),
	('memories', 0)$$,
	'the next call takes the rest');
select results_eq('select kind || '' '' || state from jobs order by kind, state',
	array['mail running', 'old dead', 'old dead', 'old done'],
	'dead jobs are kept for a person');
select is(count(*)::int, 1, 'a fresh vector stays') from embedding_cache;
select is(count(*)::int, 1, 'a recent budget stays') from chat_budgets;
select is_empty('select from memories', 'a memory that has run out is gone');

-- A service's days are kept longer than its callers'.
insert into ledger (day, payer) select (now() at time zone 'UTC')::date - n, payer
	from unnest(array[0, 2, 3, 400, 401]) as n, unnest(array['provider:x', 'address:y']) as payer;
select is(purge_ledger(1), 1::bigint, 'no more than the batch at once');
select is(purge_ledger(), 3::bigint, 'the next call takes the rest');
select results_eq($$select payer, (now() at time zone 'UTC')::date - day from ledger order by 1, 2$$,
	$$values ('address:y', 0), ('address:y', 2), ('provider:x', 0), ('provider:x', 2),
		('provider:x', 3), ('provider:x', 400)$$, 'the bill stays a year');

select * from finish();
rollback;
