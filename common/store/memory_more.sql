-- Stores the pieces of what is behind a memory's words. They stand beside nobody, and get their
-- vectors from the job.
--
-- $1  id of the memory
-- $2  the pieces: a JSON array of objects with id, words, hash (hex), sealed
--
-- No rows.
insert into memories (id, session_id, owner, visitor_id, scope, content, speaker, words, importance,
		occurred_at, content_hash, expires_at, sealed, index_text, part_of)
	select p.id, m.session_id, m.owner, m.visitor_id, m.scope, 'null', m.speaker, p.words,
			m.importance, m.occurred_at, decode(p.hash, 'hex'), m.expires_at, p.sealed,
			to_char(m.occurred_at at time zone 'UTC', 'FMDD FMMonth YYYY FMDay') || E'\n' ||
				p.words,
			m.id
		from jsonb_to_recordset($2::jsonb) as p (id uuid, words text, hash text, sealed text)
			cross join lateral (select * from memories where id = $1::uuid offset 0) m
