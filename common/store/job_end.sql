-- CTEs that end the attempt at a job, if the lease is still the worker's. A job that would wait
-- beside another one of its kind and key is done: that one stands for it.
--
-- $1  id (null: there is none, and nothing happens)
-- $2  worker
-- $3  number of the attempt, which tells it from an earlier one of the same worker
-- $4  state that follows
-- $5  attempts that count
-- $6  what went wrong (null: nothing)
-- $7  not again before, milliseconds from now
mine as materialized (
	select id, case when $4 = 'ready' and exists (select from jobs o
				where o.kind = j.kind and o.key = j.key and o.state = 'ready')
			then 'done' else $4 end as next
		from jobs j
		where id = $1::bigint and state = 'running' and leased_by = $2 and attempts = $3::int
		for update),

ended as (
	update jobs j set state = next, attempts = $5::int, last_error = $6,
			run_at = case when next = 'ready'
				then clock_timestamp() + $7::bigint * interval '1 ms' else run_at end,
			finished_at = case when next <> 'ready' then now() end,
			leased_by = null, leased_until = null
		from mine where j.id = mine.id
		returning j.state, j.run_at)
