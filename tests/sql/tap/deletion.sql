-- Deleting a session leaves no row of it anywhere, and nothing of another's goes.
begin;
select plan(21);

create temp table ids on commit drop as select session(1) as gone, session(2) as stays;
insert into utterances (session_id, speaker, text) select unnest(array[gone, stays]), 'visitor', 'x'
	from ids;
insert into turns (session_id, turn, message_hash, ends_by, visitor_utterance_id)
	select session_id, 1, hash('x'), now(), id from utterances;
insert into extracts (session_id, utterance_id, intent, confidence, lead_score)
	select session_id, id, 'collaboration', 1, 1 from utterances;
insert into events (session_id, kind) select session_id, 'session_started' from utterances;
insert into summaries (session_id, executive_summary) select session_id, 's' from utterances;
insert into memories (session_id, owner, scope, content, content_hash, utterance_id)
	select s.id, memory_owner, 'episodic', '"x"'::jsonb, hash('x'), u.id
		from sessions s join utterances u on u.session_id = s.id
	union all
	select id, memory_owner, 'long', '"x"', hash('x'), null from sessions;
insert into utterance_vectors (utterance_id, model, embedding)
	select id, 'm', '[1]' from utterances;
insert into embedding_cache (model, content_hash, embedding, session_id)
	select 'm', hash(session_id::text), '[1]', session_id from utterances;
insert into jobs (kind, key, session_id)
	select 'embed_memory', session_id::text, session_id from utterances;
insert into idempotency_keys (function, scope, key_hash, payload_hash, session_id)
	select 'agent_reply', session_id::text, hash('k'), hash('p'), session_id from utterances;
insert into slack_alerts (session_id) select distinct session_id from utterances;
insert into audio_cache (key, provider, format, audio, session_id)
	select hash(session_id::text), 'local', 'mp3', '\x00', session_id from utterances;
insert into email_signups (email, email_hash, session_id, made_by)
	select 'sealed:v1:k1:eA==', hash(session_id::text), session_id, session_id from utterances;
insert into given_names (session_id, name) select session_id, 'sealed:v1:k1:eA==' from utterances;

-- An utterance taken back takes its memory and extract along, but not its turn.
insert into utterances (id, session_id, speaker, text)
	select '00000000-0000-0000-0000-0000000000a1', stays, 'visitor', 'y' from ids;
insert into memories (session_id, owner, scope, content, content_hash, utterance_id)
	select id, memory_owner, 'episodic', '"y"', hash('x'),
		'00000000-0000-0000-0000-0000000000a1'
		from sessions, ids where id = stays;
insert into turns (session_id, turn, message_hash, ends_by, visitor_utterance_id)
	select stays, 2, hash('x'), now(), '00000000-0000-0000-0000-0000000000a1' from ids;
select is(try($$delete from utterances where id = '00000000-0000-0000-0000-0000000000a1'$$), 'ok',
	'a program takes an utterance back');
select is_empty($$select from memories where content = '"y"'$$, 'and with it its memory');
insert into memories (id, session_id, owner, scope, content, content_hash)
	select '00000000-0000-0000-0000-0000000000b1', id, memory_owner, 'long', '"z"', hash('z')
		from sessions, ids where id = stays;
insert into memories (session_id, owner, scope, content, content_hash, part_of)
	select session_id, owner, scope, 'null', hash('piece'), id from memories where content = '"z"';
select is(try($$delete from memories where id = '00000000-0000-0000-0000-0000000000b1'$$), 'ok',
	'a program takes a memory back');
select is_empty('select from memories where part_of is not null', 'and with it its pieces');
select results_eq('select visitor_utterance_id is null from turns where turn = 2', array[true],
	'but not the turn');

delete from sessions where id = (select gone from ids);

create function pg_temp.left_of(name text, which uuid) returns bigint language plpgsql as $$
declare
	n bigint;
begin
	execute format('select count(*) from %I where session_id = $1', name) into n using which;
	return n;
end
$$;
select ok(pg_temp.left_of(name, gone) = 0 and pg_temp.left_of(name, stays) > 0,
	name || ' went along')
	from ids, unnest(array['utterances', 'turns', 'extracts', 'events', 'summaries', 'memories',
		'embedding_cache', 'jobs', 'idempotency_keys', 'audio_cache',
		'slack_alerts', 'given_names']) as name;
select is(count(*)::int, 1, 'the vector of what was said goes with it') from utterance_vectors;
select is(count(*)::int, 2, 'a sign-up stands for itself') from email_signups;
select is(count(*)::int, 1, 'and no longer points to what is gone') from email_signups
	where session_id is not null;
select is(count(*)::int, 1, 'nor says who made it') from email_signups where made_by is not null;

select * from finish();
rollback;
