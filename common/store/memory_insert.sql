-- Inserts a memory, unless its owner has it already; gives the one or the other.
--
-- $1   session id
-- $2   scope
-- $3   content, JSON, masked
-- $4   speaker, masked (null: none)
-- $5   words that are searched, masked
-- $6   summary, masked (null: none)
-- $7   importance, 1 to 10
-- $8   tags, a JSON array of texts
-- $9   metadata, a JSON object
-- $10  when it occurred, unix milliseconds
-- $11  source (null: none), in its hash where it had to be masked
-- $12  utterance id (null: nobody said it here)
-- $13  vector (null: none yet)
-- $14  its model
-- $15  hash of the content
-- $16  life of a short memory, hours
-- $17  the original sealed (null: masking changed nothing)
-- $18  hash that the same content has where it was kept in the plain, or its members as they came
--      (null: none)
-- $19  hash under the former key (null: none)
-- $20  the source in the plain (null: none, or nothing was masked)
-- $21  its hash under the former key (null: none)
-- $22  hash of the names masked (null: none known)
-- $23  memories of an owner that are all compared
-- $24  id of the new row
-- $25  whether who saves it has said when it occurred
--
-- At most one row: memory_columns.sql; position; was there already; owner. None when the source
-- belongs to another memory, or another session's insert is newer than this statement's snapshot.
with s as materialized (
	-- The lock gives a session's positions one after the other.
	select id, memory_owner, consent, visitor_id, names_hash from sessions where id = $1::uuid
		for no key update),

added as (
	insert into memories as m (id, session_id, owner, visitor_id, scope, content, speaker, words,
			summary, importance, tags, metadata, occurred_at, source_id, utterance_id, embedding,
			embedding_model, content_hash, expires_at, sealed, given_at)
		select $24::uuid, id, memory_owner, case when consent then visitor_id end, $2, $3::jsonb,
				$4, $5, $6, $7::int, array(select jsonb_array_elements_text($8::jsonb)),
				$9::jsonb, to_timestamp($10::float8 / 1000), $11, $12::uuid, $13::vector, $14,
				$15::bytea,
				case when $2 = 'short' then now() + $16::int * interval '1 hour' end, $17,
				case when $25::bool then to_timestamp($10::float8 / 1000) end
			from s
			-- What the unique indexes do not see: the same, kept in the plain or under another key,
			-- or one of them without a time.
			where ($12::uuid is not null or not exists (
					select from memories o where o.owner = s.memory_owner and
						-- include memory_is_same.sql
						))
				and ($20::text is null or not exists (
					select from memories o where o.owner = s.memory_owner
						and o.source_id in ($20::text, $21::text)))
		on conflict do nothing
		returning m.*),

-- Masked with other names than the rest of the session was: the job masks all of it anew.
unlike as (
	update sessions x set names_hash = null
		from s where x.id = s.id and s.names_hash <> coalesce($22::bytea, '')
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
			where memory_index_is_due(memory_owner, $23::int)
		-- include job_once.sql
	),

audited as (
	-- include audit_insert.sql
		select 'save_memory', 'contact_added', 'memories:' || id, session_id from added
			where sealed is not null and utterance_id is null),

found as (
	select o.id from s, lateral (select * from memories o where o.owner = s.memory_owner
			and ($12::uuid is null and
					-- include memory_is_same.sql
				or o.utterance_id = $12::uuid)
		order by o.given_at is null, o.occurred_at desc limit 1) o
	where not exists (select from added)),

-- A short one that is saved again lives on, be it that its time is over already.
renewed as (
	update memories m set expires_at = now() + $16::int * interval '1 hour'
		from found f where $2 = 'short' and (m.id = f.id or m.part_of = f.id)
		returning m.*)

select
		-- include memory_columns.sql
		, m.position, false, m.owner
	from added m
union all
select
		-- include memory_columns.sql
		, m.position, true, m.owner
	from renewed m where m.part_of is null
union all
select
		-- include memory_columns.sql
		, m.position, true, m.owner
	from found f join memories m on m.id = f.id where $2 <> 'short'
