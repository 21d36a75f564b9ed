-- What the tables refuse, asked as the programs do.
begin;
select plan(61);

select session(1, 'f47ac10b-58cc-4372-a567-0e02b2c3d479', true);
insert into utterances (id, session_id, speaker, text)
	values ('00000000-0000-0000-0000-0000000000a1', session(2), 'visitor', 'hello');

create temp table case_list (name text, wanted text, statement text) on commit drop;
insert into case_list values
('a known mode', 'ok', $$update sessions set current_mode = 'mentor'$$),
('an unknown mode', '23514', $$update sessions set current_mode = 'comedian'$$),
('lead score 101', '23514', $$update sessions set lead_score = 101$$),
('an unknown intent', '23514', $$update sessions set final_intent = 'consulting inquiry'$$),
('a plain address', '23514', $$update sessions set email = 'a@b.example', email_hash = hash('a')$$),
('a sealed address without its hash', '23514', $$update sessions set email = 'sealed:v1:k1:eA=='$$),
('a sealed address', 'ok',
	$$update sessions set email = 'sealed:v1:k1:eA==', email_hash = hash('a')$$),
('a plain name', '23514', $$update sessions set contact_name = 'Ada'$$),
('plain names', '23514', $$update sessions set names_sealed = '["Ada"]'$$),
('a plain text where a summary is sealed', '23514',
	$$insert into summaries (session_id, executive_summary, sealed)
	select id, 'x', 'Ada' from sessions$$),
('plain notes', '23514', $$update sessions set notes = 'call her'$$),
('a short secret hash', '23514', $$insert into sessions (secret_hash) values ('\x00')$$),
('no secret', '23502', $$insert into sessions (visitor_id) values ('x')$$),
('a visitor id too long', '23514',
	$$insert into sessions (visitor_id, secret_hash) values (repeat('x', 201), hash('x'))$$),
('an unknown speaker', '23514',
	$$insert into utterances (session_id, speaker, text)
	select id, 'system', 'x' from sessions$$),
('confidence above one', '23514', $$insert into utterances (session_id, speaker, text, asr_conf)
	select id, 'visitor', 'x', 1.1 from sessions$$),
('speech of no session', '23503', $$insert into utterances (session_id, speaker, text)
	values (gen_random_uuid(), 'visitor', 'x')$$),
('a turn', 'ok', $$insert into turns (session_id, turn, message_hash, ends_by)
	select id, 1, hash('x'), now() from sessions$$),
('the same turn twice', '23505', $$insert into turns (session_id, turn, message_hash, ends_by)
	select id, 1, hash('x'), now() from sessions$$),
('turn zero', '23514', $$insert into turns (session_id, turn, message_hash, ends_by)
	select id, 0, hash('x'), now() from sessions$$),
('what is unsaid of a turn', 'ok', $$insert into turn_answers (session_id, turn, due, unsaid)
	select id, 2, now(), '\x00' from sessions$$),
('an answer that is unsaid, too', '23514',
	$$insert into turn_answers (session_id, turn, due, answer, unsaid)
	select id, 3, now(), '\x00', '\x00' from sessions$$),
('neither of both', '23514', $$insert into turn_answers (session_id, turn, due)
	select id, 3, now() from sessions$$),
('an unknown turn state', '23514', $$update turns set state = 'lost'$$),
('a reply and its pieces', 'ok',
	$$update turns set reply_id = gen_random_uuid(), reply_pieces = '{4,500,9,1000}'$$),
('half a piece', '23514', $$update turns set reply_pieces = '{4,500,9}'$$),
('too many pieces', '23514',
	$$update turns set reply_pieces = array_fill(1, array[514])$$),
('heard for a while', 'ok', $$update turns set heard_ms = 0$$),
('heard for less than nothing', '23514', $$update turns set heard_ms = -1$$),
('a name in the entities', '23514',
	$$insert into extracts (session_id, utterance_id, intent, confidence, lead_score, entities)
	select session_id, id, 'collaboration', 0.5, 1, '{"person_name": "Ada"}' from utterances$$),
('an extract', 'ok', $$insert into extracts
	(session_id, utterance_id, intent, confidence, lead_score, entities)
	select session_id, id, 'collaboration', 0.5, 70, '{"org_name": "Acme"}' from utterances$$),
('follow-ups that are no list', '23514', $$insert into extracts
	(session_id, utterance_id, intent, confidence, lead_score, followup_actions)
	select session_id, id, 'collaboration', 0.5, 1, '{}' from utterances$$),
('a summary', 'ok', $$insert into summaries (session_id, executive_summary)
	select id, 'short' from sessions limit 1$$),
('action items that are no list', '23514', $$update summaries set action_items = '"x"'$$),
('importance 11', '23514', $$insert into memories
	(session_id, owner, scope, content, content_hash, importance)
	select id, memory_owner, 'long', '"x"', hash('x'), 11 from sessions$$),
('importance 0', '23514', $$insert into memories
	(session_id, owner, scope, content, content_hash, importance)
	select id, memory_owner, 'long', '"x"', hash('x'), 0 from sessions$$),
('an unknown scope', '23514', $$insert into memories (session_id, owner, scope, content,
	content_hash) select id, memory_owner, 'eternal', '"x"', hash('x') from sessions$$),
('a memory with a source', 'ok', $$insert into memories (session_id, owner, scope, content,
	content_hash, source_id) select id, memory_owner, 'long', '"x"', hash('x'), 'D1:1'
	from sessions$$),
('the same source again', '23505', $$insert into memories (session_id, owner, scope, content,
	content_hash, source_id) select id, memory_owner, 'long', '"y"', hash('y'), 'D1:1'
	from sessions$$),
('the same content again', '23505', $$insert into memories (session_id, owner, scope, content,
	content_hash) select id, memory_owner, 'long', '"x"', hash('x') from sessions$$),
('the same content at a time that was given', 'ok', $$insert into memories (session_id, owner, scope,
	content, content_hash, given_at) select id, memory_owner, 'long', '"x"', hash('x'), now()
	from sessions$$),
('the same content at that time again', '23505', $$insert into memories (session_id, owner, scope,
	content, content_hash, given_at) select id, memory_owner, 'long', '"x"', hash('x'), now()
	from sessions$$),
('a piece of a memory', 'ok', $$insert into memories (session_id, owner, scope, content,
	content_hash, part_of) select session_id, owner, scope, 'null', hash('piece'), id from memories
	limit 1$$),
('a piece with a content of its own', '23514', $$insert into memories (session_id, owner, scope,
	content, content_hash, part_of) select session_id, owner, scope, '"x"', hash('p'), id
	from memories limit 1$$),
('a piece of nothing', '23503', $$insert into memories (session_id, owner, scope, content,
	content_hash, part_of) select session_id, owner, scope, 'null', hash('p'), gen_random_uuid()
	from memories limit 1$$),
('the same content in another scope', 'ok', $$insert into memories (session_id, owner, scope,
	content, content_hash) select id, memory_owner, 'short', '"x"', hash('x') from sessions$$),
('a source id too long', '23514', $$insert into memories (session_id, owner, scope, content,
	content_hash, source_id) select id, memory_owner, 'long', '"z"', hash('z'), repeat('x', 201)
	from sessions$$),
('a memory for a foreign owner', '23503', $$insert into memories (session_id, owner, scope,
	content, content_hash) select id, 'v:11111111-2222-3333-4444-555555555555', 'long', '"o"',
	hash('o') from sessions limit 1$$),
('21 tags', '23514', $$update memories set tags = array_fill('t'::text, array[21])$$),
('a vector without its model', '23514', $$update memories set embedding = '[1,2,3]'$$),
('a vector of the wrong size', '23514',
	$$update memories set embedding = '[1,2,3]', embedding_model = 'all-MiniLM-L6-v2'$$),
('a vector of a model without an index', 'ok',
	$$update memories set embedding = '[1,2,3]', embedding_model = 'another'$$),
('a waiting job', 'ok', $$insert into jobs (kind, key) values ('mail', 'k')$$),
('a second waiting job', '23505', $$insert into jobs (kind, key) values ('mail', 'k')$$),
('running without a lease', '23514', $$update jobs set state = 'running'$$),
('a lease on a job that waits', '23514',
	$$update jobs set leased_by = 'w', leased_until = now()$$),
('a sign-up', 'ok', $$insert into email_signups (email, email_hash)
	values ('sealed:v1:k1:QQ==', hash('ada@lovelace.example'))$$),
('the address in another case', '23505', $$insert into email_signups (email, email_hash)
	values ('sealed:v1:k1:Qg==', hash(lower('ADA@lovelace.example')))$$),
('a plain sign-up', '23514', $$insert into email_signups (email, email_hash)
	values ('ada@lovelace.example', hash('other'))$$),
('a stored answer without a body', '23514', $$insert into idempotency_keys
	(function, scope, key_hash, payload_hash, state)
	values ('f', 's', hash('k'), hash('p'), 'done')$$),
('a format we do not speak', '23514', $$insert into audio_cache (key, provider, format, audio)
	values (hash('k'), 'local', 'ogg', '\x00')$$);
-- The statements use the helpers above as the programs' role.
grant usage on schema tap to scribe_app;

select is(try(statement), wanted, name) from case_list;

select * from finish();
rollback;
