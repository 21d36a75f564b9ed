-- Makes the index texts, questions and mean vectors of a memory and its neighbours anew: the two
-- before and the two after it in its session. From the neighbours' own words and vectors, never
-- from their index texts, so making them twice gives the same.
--
-- $1  session id
-- $2  the memory's position
--
-- No rows; those that stay as they are are not written.
with
-- Whoever can be a neighbour of one to be connected.
near as materialized (
	select x.*, row_number() over (partition by is_alone order by position) as place from (
		(select id, position, speaker, words, is_question, occurred_at, embedding, embedding_model,
				-- include memory_is_alone.sql
				as is_alone
			from memories where session_id = $1::uuid and position <= $2::bigint and (not
				-- include memory_is_alone.sql
				or position = $2::bigint)
			order by position desc limit 5)
		union all
		(select id, position, speaker, words, is_question, occurred_at, embedding, embedding_model,
				false
			from memories where session_id = $1::uuid and position > $2::bigint and not
				-- include memory_is_alone.sql
			order by position limit 4)) x),

changed as (
	select t.id,
			-- include memory_context.sql
		from near t, near centre
		where centre.position = $2::bigint and t.is_alone = centre.is_alone
			and abs(t.place - centre.place) <= 2)

update memories m set index_text = c.index_text, question = c.question,
		embedding_near = c.mean::halfvec
	from changed c
	where m.id = c.id and (m.index_text, m.question, m.embedding_near)
		is distinct from (c.index_text, c.question, c.mean::halfvec)
