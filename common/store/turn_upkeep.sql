-- Clears what turns leave behind for a moment only, at most a batch of it.
--
-- What another holds locked is left for the next time: so this waits for nobody, and who holds a
-- turn's session never waits long.
--
-- $1  the batch
-- $2  how long a message may be under way that came while an answer was due, milliseconds
--
-- One row: how many were cleared.
with overdue as materialized (
	select session_id, turn from turn_answers
		where due < now() - $2::int * interval '1 ms'
		order by due limit $1::int
		for update skip locked),

cleared as (
	delete from turn_answers a using overdue o
		where a.session_id = o.session_id and a.turn = o.turn
		returning true),

-- Of programs of before, which may still run.
cleared_before as (
	update turns t set answer = null from (
			select session_id, turn from turns
				where answer is not null and answer_due < now() - $2::int * interval '1 ms'
				order by answer_due limit $1::int
				for no key update skip locked) d
		where t.session_id = d.session_id and t.turn = d.turn
		returning true),

-- Of processes that ended without a word. One that only has nothing to do makes its row anew.
forgotten as (
	delete from instances where beat_at < now() - interval '10 minutes'),

spent as (
	delete from address_rates where address_hash in (
		select address_hash from address_rates where spent_until < now()
			order by spent_until limit 20 * $1::int for update skip locked))

-- Nobody was promised it: the commit waits for no disk.
select greatest((select count(*) from cleared), (select count(*) from cleared_before)),
	-- include lazy_commit.sql
