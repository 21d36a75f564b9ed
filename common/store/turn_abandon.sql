-- Gives up turns of which nobody knows whether they began: the answer to the statement was lost.
-- What was said stays, and is remembered.
--
-- A session that is locked is left for the next time: the statement in doubt may still wait there.
--
-- $1  session ids, an array
-- $2  the turns' claims, in the same order
--
-- A row for each turn that was found: its claim.
with owners as materialized (
	select s.id, d.claim from unnest($1::uuid[], $2::uuid[]) d (id, claim)
		join sessions s using (id)
		for no key update of s skip locked),

given_up as (
	update turns t set state = 'abandoned', finished_at = now()
		from owners o
		where t.session_id = o.id and t.claim = o.claim and t.state = 'running'
		returning t.session_id, t.claim),

remembered as (
	-- include job_insert.sql
		select 'keep_utterances', session_id::text, '{}', session_id from given_up
		-- include job_once.sql
	)

select claim from given_up
