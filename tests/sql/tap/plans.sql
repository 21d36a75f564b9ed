-- The reads on every request's path find their rows by the index meant for them.
begin;
select plan(21);

insert into sessions (id, visitor_id, consent, secret_hash, last_active_at, started_at, lead_score)
	select lpad(n::text, 32, '0')::uuid, 'visitor ' || n % 50, false, hash(n::text),
		now() - n * interval '1 min', now() - n * interval '1 min', n % 100
		from generate_series(1, 400) as n;
insert into utterances (session_id, speaker, text, turn)
	select lpad((n % 400 + 1)::text, 32, '0')::uuid, 'visitor', 'word ' || n, n / 400
		from generate_series(1, 20000) as n;
insert into turns (session_id, turn, message_hash, ends_by, state)
	select id, n, hash('x'), now(),
		case when n = 20 and lead_score < 5 then 'running' else 'done' end
		from sessions, generate_series(1, 20) as n;
insert into memories (session_id, owner, scope, content, content_hash, index_text, occurred_at)
	select s.id, memory_owner, 'episodic', to_jsonb(n), hash(n::text),
		'topic ' || n % 500 || ' word', now() - n * interval '1 min'
		from sessions s, generate_series(1, 20) as n;
update memories set embedding_model = 'all-MiniLM-L6-v2', embedding = (
		select array_agg(sin(position * i)) from generate_series(1, 384) as i)::vector
	where position % 8 = 0;
update memories set is_indexed = true where position % 8 < 4;
insert into jobs (kind, key, state, run_at, leased_by, leased_until)
	select 'kind ' || n % 5, n::text, case when n % 50 = 0 then 'running' else 'ready' end,
		now() - n * interval '1 s', case when n % 50 = 0 then 'w' end,
		case when n % 50 = 0 then now() end
		from generate_series(1, 5000) as n;
insert into events (session_id, kind, ts) select id, 'mode_change', now() - n * interval '1 s'
	from sessions, generate_series(1, 20) as n;
insert into embedding_cache (model, content_hash, embedding)
	select 'm', hash(n::text), '[1]' from generate_series(1, 3000) as n;
insert into audit_log (actor, action, subject, at)
	select 'a', 'read', 's', now() - n * interval '1 min' from generate_series(1, 3000) as n;
insert into audio_cache (key, provider, format, audio, last_used_at)
	select hash(n::text), 'local', 'mp3', '\x00', now() - n * interval '1 min'
		from generate_series(1, 3000) as n;
analyze audit_log, audio_cache, sessions, utterances, turns, memories, jobs, events, embedding_cache;

create function pg_temp.uses(index text, statement text) returns text language sql as
	$$ select tap.matches(tap.plan_of(statement),
		format('"Index Name": "(%s)"', index), index) $$;

\set session '00000000-0000-0000-0000-000000000007'
select pg_temp.uses('utterances_session_id_position_key', $$select speaker, text from utterances
	where session_id = '00000000-0000-0000-0000-000000000007'
	order by position desc limit 20$$);
select doesnt_match(plan_of($$select speaker, text from utterances
	where session_id = '00000000-0000-0000-0000-000000000007'
	order by position desc limit 20$$),
	'"Sort"', 'the newest history needs no sorting');
select pg_temp.uses('sessions_pkey|sessions_id_memory_owner_key', $$select secret_hash from sessions
	where id = '00000000-0000-0000-0000-000000000007'$$);
select pg_temp.uses('turns_pkey', $$select state from turns
	where session_id = '00000000-0000-0000-0000-000000000007' order by turn desc limit 1$$);
select pg_temp.uses('jobs_claim_idx', $$select id from jobs where kind = 'kind 3'
	and state = 'ready' and run_at <= now() order by run_at for update skip locked limit 1$$);
select pg_temp.uses('jobs_lease_idx', $$select id from jobs where kind = 'kind 3'
	and state = 'running' and leased_until < now() order by leased_until
	for update skip locked limit 1$$);
select pg_temp.uses('memories_owner_idx', $$select * from memories
	where owner = 's:00000000-0000-0000-0000-000000000007' and scope = 'episodic'
	order by occurred_at desc limit 10$$);
select pg_temp.uses('memories_words_idx', $$select id from memories
	where is_indexed and memory_word_keys(owner, tsvector_to_array(search))
		&& memory_word_keys('s:00000000-0000-0000-0000-000000000007', '{topic}')$$);
select pg_temp.uses('memories_minilm_3_idx', $$select id from memories
	where is_indexed and embedding_model = 'all-MiniLM-L6-v2' and memory_bucket(owner) = 3
	order by embedding::halfvec(384)
	<=> (select embedding::halfvec(384) from memories where embedding is not null limit 1)
	limit 5$$);
select pg_temp.uses('memories_code_idx', $$select id from memories
	where owner = 's:00000000-0000-0000-0000-000000000007' and embedding_model = 'all-MiniLM-L6-v2'
	and is_indexed and scope = any ('{long}') and importance >= 5
	order by hamming_distance(code, (select code from memories where embedding is not null limit 1))
	limit 5$$);
select pg_temp.uses('memories_compared_idx', $$select * from memories
	where owner = 's:00000000-0000-0000-0000-000000000007' and not is_indexed
	order by position desc limit 20$$);
select pg_temp.uses('memories_large_idx', $$select id from memories where owner = 'x'
	and octet_length(content::text) + octet_length(metadata::text)
		+ octet_length(coalesce(summary, '')) > 8192$$);
select pg_temp.uses('memories_model_idx', $$select id from memories
	where embedding_model || '' > 'all-MiniLM-L6-v2' order by embedding_model || '' limit 16$$);
select pg_temp.uses('sessions_idle_idx', $$select id from sessions
	where ended_at is null and last_active_at < now() - interval '390 minutes'$$);
update sessions set ended_at = now() where lead_score < 50;
analyze sessions;
select pg_temp.uses('sessions_ended_idx', $$select id from sessions where ended_at is not null
	and last_active_at < now() - interval '390 minutes' order by last_active_at limit 50$$);
select pg_temp.uses('audit_log_at_idx', $$select id from audit_log
	where at < now() - interval '390 minutes' order by at limit 50$$);
select pg_temp.uses('audit_log_sessions_idx', $$select id from (select id from audit_log
	where session_id = '00000000-0000-0000-0000-000000000007' or detail ? 'ids'
		and audit_sessions(subject, detail) @> '"00000000-0000-0000-0000-000000000007"'
	offset 0) of_it order by id desc limit 50$$);
select pg_temp.uses('audio_cache_used_idx', $$select key from audio_cache
	where last_used_at < now() - interval '390 minutes' order by last_used_at limit 50$$);
select pg_temp.uses('sessions_score_idx', $$select id from sessions
	order by lead_score desc, started_at desc limit 20$$);
select pg_temp.uses('sessions_started_idx', $$select id from sessions
	where started_at > now() - interval '10 minutes' order by started_at desc$$);
select pg_temp.uses('embedding_cache_pkey', $$select embedding from embedding_cache
	where model = 'm' and content_hash = tap.hash('17')$$);

select * from finish();
rollback;
