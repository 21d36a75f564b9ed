-- Makes utterances of a session memories, after those that are there, all at once: what they have
-- from each other and from the memories before them is part of the row that is inserted, and of
-- those before only the two that get new neighbours are written again. In a transaction that holds
-- the session's row: whoever adds to it does so one after the other.
--
-- What is asked for by its id is never joined ("offset 0" keeps a subquery from becoming a join):
-- joined, a plan made while a table was empty reads all that came into it since.
--
-- $1  session id
-- $2  what is to be kept, oldest first: a JSON array of objects with id, utterance_id, content,
--     speaker, words, said_ms, hash (hex), sealed; model, and vector_from and vector_to, which
--     tell where in $5 its vector is; or none of these where the turn has left a vector
-- $3  hash of the names masked (null: none known)
-- $4  memories of an owner that are all compared
-- $5  the vectors, one behind the other, an array of real (null: none); in binary, for as texts
--     they take longer to read than to store
--
-- One row: how many were added; owner, first and last position of these.
with s as materialized (
	select id, memory_owner, consent, visitor_id, names_hash, turn from sessions
		where id = $1::uuid),

given as materialized (
	select g.id, g.nth, g.utterance_id, g.content, g.speaker, g.words,
			to_timestamp(g.said_ms::float8 / 1000) as occurred_at, decode(g.hash, 'hex') as hash,
			g.sealed, memory_asks(g.words) as is_question,
			coalesce(($5::real[])[g.vector_from:g.vector_to]::vector,
				vector(v.embedding, -1, true)) as embedding,
			coalesce(g.model, v.model) as embedding_model
		from rows from (jsonb_to_recordset($2::jsonb) as (id uuid, utterance_id uuid,
				content jsonb, speaker text, words text, said_ms bigint, hash text, sealed text,
				vector_from int, vector_to int, model text))
			with ordinality as g (id, utterance_id, content, speaker, words, said_ms, hash, sealed,
				vector_from, vector_to, model, nth)
			left join lateral (
				select embedding, model from utterance_vectors v
					where v.utterance_id = g.utterance_id offset 0) v on true
		where not exists (
				select from memories m where m.utterance_id = g.utterance_id offset 0)
			-- A reply that was stored anew, or goes on, is not what it was when it was read.
			and exists (
				select from utterances u where u.id = g.utterance_id and u.text <> '' offset 0)
			and not exists (
				select from turns t where t.session_id = $1::uuid
					and t.turn = (select turn from s) and t.reply_id = g.utterance_id
					and t.state = 'running' and t.ends_by > now() offset 0)),

-- Neighbours, and theirs. vector() changes nothing, but what it gives has been fetched from beside
-- the table: else each mean that a vector is part of would fetch it again, and the doubled twice.
before as materialized (
	select id, position, speaker, words, is_question, occurred_at,
			vector(embedding, -1, true) as embedding, embedding_model
		from memories where session_id = $1::uuid and not
			-- include memory_is_alone.sql
		order by position desc limit 4),

near as materialized (
	select x.*, row_number() over (order by is_given, place_among) as place, false as is_alone
		from (
			select id, position as place_among, speaker, words, is_question, occurred_at,
					embedding, embedding_model, false as is_given
				from before
			union all
			select id, nth, speaker, words, is_question, occurred_at, embedding, embedding_model,
					true
				from given) x),

described as materialized (
	select t.id, t.is_given,
			-- include memory_context.sql
		from near t where t.place > (select count(*) from before) - 2),

added as (
	insert into memories (id, session_id, owner, visitor_id, scope, content, speaker, words,
			occurred_at, utterance_id, embedding, embedding_model, content_hash, sealed, index_text,
			question, embedding_near)
		select g.id, s.id, s.memory_owner, case when s.consent then s.visitor_id end, 'episodic',
				g.content, g.speaker, g.words, g.occurred_at, g.utterance_id, g.embedding,
				g.embedding_model, g.hash, g.sealed, d.index_text, d.question, d.mean::halfvec
			from s, given g join described d on d.id = g.id
			order by g.nth
		on conflict do nothing
		returning owner, position),

changed as (
	update memories m set (index_text, question, embedding_near) = (
			select d.index_text, d.question, d.mean::halfvec from described d where d.id = m.id)
		where m.id = any (array(select d.id from described d where not d.is_given))
			and exists (select from added)),

taken as (
	delete from utterance_vectors v
		where v.utterance_id = any (array(select g.utterance_id from given g))),

-- Masked with other names than the rest of the session was: the job masks all of it anew.
unlike as (
	update sessions x set names_hash = null
		from s where x.id = $1::uuid and s.names_hash <> coalesce($3::bytea, '')
			and exists (select from added)
		returning x.id),

queued as (
	-- include job_insert.sql
		select 'keep_utterances', id::text, '{}', id from unlike
		-- include job_once.sql
	),

-- Too many to be compared: a job enters them in the indexes.
due as (
	-- include job_insert.sql
		select 'index_memories', id::text, '{}', id from s
			where memory_index_is_due(memory_owner, $4::int)
		-- include job_once.sql
	)

select count(*), min(owner), min(position), max(position) from added
