-- Claims a job of one kind for a worker, or declares dead one whose last attempt did not end.
-- Abandoned work comes first: it has waited for a whole lease already. The clock is that of the
-- moment, as the statement may have waited for a lock.
--
-- $1  kind
-- $2  worker
-- $3  lease, milliseconds
--
-- At most one row: id, key, payload, session id, number of this attempt, most attempts, is dead
-- (and not claimed).
with abandoned as materialized (
	select id, attempts >= max_attempts as has_died from jobs
		where kind = $1 and state = 'running' and leased_until < clock_timestamp()
		order by leased_until for update skip locked limit 1),

waiting as materialized (
	select id, false as has_died from jobs
		where kind = $1 and state = 'ready' and run_at <= clock_timestamp()
			and not exists (select from abandoned)
		order by run_at for update skip locked limit 1),

next as (
	select * from abandoned union all select * from waiting)

update jobs j set state = case when has_died then 'dead' else 'running' end,
		attempts = attempts + (not has_died)::int,
		leased_by = case when not has_died then $2 end,
		leased_until = case when not has_died
			then clock_timestamp() + $3::bigint * interval '1 ms' end,
		last_error = case when has_died then 'the last attempt did not end' else last_error end,
		finished_at = case when has_died then now() end
	from next where j.id = next.id
	returning j.id, key, payload, session_id, attempts, max_attempts, has_died
