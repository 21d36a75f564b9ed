-- Adds what a process counted to the ledger, and tells what all of them have.
--
-- The same rows are wanted by every process: they are taken in one order, so none waits for one
-- that waits for it, and each only while a statement runs.
--
-- $1        payers, a comma between two; each once
-- $2 to $5  requests, tokens, characters and audio (ms) of each, likewise; all 0: only told about
--
-- A row for each of them: the payer, the day (since 1970), and what is counted for it.
with told as (
	select t.*, (now() at time zone 'UTC')::date as day from unnest(string_to_array($1, ','),
			string_to_array($2, ',')::bigint[], string_to_array($3, ',')::bigint[],
			string_to_array($4, ',')::bigint[], string_to_array($5, ',')::bigint[])
		as t (payer, requests, tokens, characters, audio_ms)),

counted as (
	insert into ledger as l (day, payer, requests, tokens, characters, audio_ms)
		select day, payer, requests, tokens, characters, audio_ms from told
			where (requests, tokens, characters, audio_ms) <> (0, 0, 0, 0) order by payer
		on conflict (day, payer) do update set requests = l.requests + excluded.requests,
			tokens = l.tokens + excluded.tokens,
			characters = l.characters + excluded.characters,
			audio_ms = l.audio_ms + excluded.audio_ms
		returning payer, requests, tokens, characters, audio_ms)

select t.payer, t.day - date '1970-01-01', coalesce(c.requests, l.requests),
		coalesce(c.tokens, l.tokens), coalesce(c.characters, l.characters),
		coalesce(c.audio_ms, l.audio_ms),
		-- include lazy_commit.sql
	from told t left join counted c on c.payer = t.payer
	left join ledger l on l.day = t.day and l.payer = t.payer
