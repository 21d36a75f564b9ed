-- Gives up turns of which nobody knows whether they began: the answer to the statement was lost.
-- What was said stays.
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
		for no key update of s skip locked)

update turns t set state = 'abandoned', finished_at = now()
	from owners o
	where t.session_id = o.id and t.claim = o.claim and t.state = 'running'
	returning t.claim
