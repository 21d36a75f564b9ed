-- Columns: what a memory t has from its neighbours n, rows of `near`: the text that is searched,
-- the question it answers, the mean of the vectors around it, made a unit vector. The own vector
-- counts twice in the mean, and so does that of the question, whose words count as its own too. A
-- vector of another model is no neighbour's. avg() would count in arrays of float8, slowly.
to_char(t.occurred_at at time zone 'UTC', 'FMDD FMMonth YYYY FMDay') || E'\n' ||
	(select string_agg(
			left(n.words, case when n.id = t.id then 8192 else 1000 end), E'\n'
			order by n.place)
		from near n
		where n.is_alone = t.is_alone and abs(n.place - t.place) <= 2) as index_text,
coalesce((select left(n.words, 1000) from near n where n.is_alone = t.is_alone and
	-- include memory_is_answered.sql
	), '') as question,
case when t.embedding is not null then (
	select l2_normalize(sum(case when n.id = t.id or
			-- include memory_is_answered.sql
			then n.embedding + n.embedding else n.embedding end))
		from near n
		where n.is_alone = t.is_alone and abs(n.place - t.place) <= 2
			and n.embedding_model = t.embedding_model) end as mean
