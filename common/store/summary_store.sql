-- Stores a session's summary and the two memories made of it. The version is the position up to
-- which a summary goes: it only grows, but for one made anew from the start, which takes the place
-- of its like. Nothing changes when the one there is of another version than was read.
--
-- $1   session id
-- $2   text, masked
-- $3   action items, JSON, masked
-- $4   CRM payload, JSON, masked
-- $5   themes, a JSON array, masked
-- $6   importance, 1 to 10
-- $7   utterances of the session
-- $8   position of the last utterance in it
-- $9   provider
-- $10  the version that was read, a position
-- $11  hash of the short memory, of the text (null: none is made)
-- $12  hash of the medium memory, of the themes (null: none is made)
-- $13  themes in words
-- $14  life of the short memory, days
-- $15  the whole sealed (null: masking changed nothing)
-- $16  the short memory sealed (null: masking changed nothing)
-- $17  the medium memory sealed (null: masking changed nothing)
-- $18  hash of the names masked (null: none known)
-- $19  id of the short memory, of the one that is there or new
-- $20  id of the medium memory
--
-- One row: whether it was stored.
with kept as (
	insert into summaries (session_id, executive_summary, action_items, crm_payload, themes,
			importance, utterance_count, last_position, provider, sealed)
		values ($1::uuid, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6::int, $7::int, $8::bigint, $9,
				$15)
		on conflict (session_id) do update set executive_summary = excluded.executive_summary,
				action_items = excluded.action_items, crm_payload = excluded.crm_payload,
				themes = excluded.themes, importance = excluded.importance,
				utterance_count = excluded.utterance_count, last_position = excluded.last_position,
				provider = excluded.provider, sealed = excluded.sealed
			where summaries.last_position = $10::bigint
		returning session_id),

audited as (
	-- include audit_insert.sql
		select 'summarize_session', 'contact_changed', 'summaries:' || session_id, session_id
			from kept where $15 is not null),

-- Masked with other names than the rest of the session was: the job masks all of it anew.
queued as (
	-- include job_insert.sql
		select 'keep_utterances', s.id::text, '{}', s.id
			from kept join sessions s on s.id = kept.session_id
			where s.names_hash <> coalesce($18::bytea, '')
		-- include job_once.sql
	),

marked as (
	update sessions s set summarized_position = $8::bigint,
			names_hash = case when s.names_hash = $18::bytea then s.names_hash end,
			summarized_count = s.utterance_count - (select count(*) from utterances u
				where u.session_id = s.id and u.position > $8::bigint)
		from kept where s.id = kept.session_id),

remembered (id, scope, content, words, tag, hash, expires_at, sealed) as (
	values
		($19::uuid, 'short',
			jsonb_build_object('summary', $2::text, 'utterance_count', $7::int), $2::text,
			'summary', $11::bytea, now() + $14::int * interval '1 day', $16::text),
		($20::uuid, 'medium', jsonb_build_object('themes', $5::jsonb), $13::text,
			'themes', $12::bytea, null, $17::text)),

-- The memories of the summary before are written over; their vectors are made later.
memories_kept as (
	insert into memories as m (id, session_id, owner, visitor_id, scope, content, summary, words,
			index_text, importance, tags, metadata, content_hash, source_id, expires_at, sealed)
		select r.id, s.id, s.memory_owner, case when s.consent then s.visitor_id end, r.scope,
				r.content, r.words, r.words, r.words, $6::int, array[r.tag], '{"kind": "summary"}',
				r.hash, r.tag || ':' || s.id, r.expires_at, r.sealed
			from remembered r, kept join sessions s on s.id = kept.session_id
			where r.hash is not null
		on conflict (owner, source_id) where source_id is not null do update set
			content = excluded.content, summary = excluded.summary, words = excluded.words,
			index_text = excluded.index_text, importance = excluded.importance,
			content_hash = excluded.content_hash, expires_at = excluded.expires_at,
			sealed = excluded.sealed, occurred_at = now(), embedding = null,
			embedding_model = null, embedding_near = null
			-- Sealed for that row; another's, made meanwhile, stays as it is.
			where m.id = excluded.id)

select exists (select from kept)
