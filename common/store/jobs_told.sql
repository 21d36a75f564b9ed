-- What waits to be done, as one JSON object for people: how many jobs of each kind and state there
-- are, and those that are not done, the dead first, the newest first of each state. What they are
-- about is not in it. As scribe_rest or owner, of a transaction that has said who asks; the console
-- and scripts/jobs show it from here.
--
-- $1  how many of those not done
with counts as (
	select kind, state, count(*) as jobs, min(created_at) as oldest_at, min(run_at) as next_at,
	       max(attempts) as most_attempts
	from jobs_told group by kind, state
),
first as (
	select id from jobs_told where state <> 'done'
	order by array_position('{dead,running,ready}', state), id desc
	limit $1::int
),
waiting as ( -- only of these: an error is read by a regular expression
	select id, kind, state, attempts, max_attempts, run_at, created_at, error
	from jobs_told where id = any (array(select id from first))
)
select json_build_object(
	'counts', (select coalesce(json_agg(c order by kind, state), '[]') from counts c),
	'jobs', (select coalesce(json_agg(w order by array_position('{dead,running,ready}', state),
	                                  id desc), '[]') from waiting w)) as jobs
