-- Ends the attempt of the job that a worker had, where it had one, and claims the next that is due
-- for it, or declares dead one whose last attempt did not end. Of the first kind that has any;
-- abandoned work comes first: it has waited for a whole lease already. Where there is none it tells
-- until when, and sees to it that the periodic ones are there. One statement for all: with one for
-- each kind, looking for jobs was a third of a turn's statements. The clock is that of the moment,
-- as the statement may have waited for a lock.
--
-- What is ended here is still running in what else this statement sees, so all else leaves it out.
--
-- $1 to $7  the job that ends (null: there is none) and the worker, as in job_end.sql
-- $8   kinds, in the order in which they are looked at
-- $9   the lease of each, milliseconds
-- $10  kinds that are periodic
-- $11  longest rest, milliseconds
--
-- One row: id (null: there was none), kind, key, payload, session id, number of this attempt, most
-- attempts, is dead (and not claimed); how long to rest (null: there was one); who
-- pays for the session; whether the attempt that ended was still the worker's.
with
-- include job_end.sql
,

found as materialized (
	-- In the order of the kinds: nothing of the others is locked.
	select j.id, j.has_died, k.lease_ms
		from unnest($8::text[], $9::bigint[]) as k (kind, lease_ms), lateral (
			select * from (select id, attempts >= max_attempts as has_died from jobs
				where kind = k.kind and state = 'running' and leased_until < clock_timestamp()
					and id is distinct from $1::bigint
				order by leased_until for update skip locked limit 1) abandoned
			union all
			select * from (select id, false as has_died from jobs
				where kind = k.kind and state = 'ready' and run_at <= clock_timestamp()
				order by run_at for update skip locked limit 1) waiting) j
		limit 1),

claimed as (
	update jobs j set state = case when has_died then 'dead' else 'running' end,
			attempts = attempts + (not has_died)::int,
			leased_by = case when not has_died then $2 end,
			leased_until = case when not has_died
				then clock_timestamp() + lease_ms * interval '1 ms' end,
			last_error = case when has_died then 'the last attempt did not end' else last_error end,
			finished_at = case when has_died then now() end
		from found where j.id = found.id
		returning j.*, has_died),

renewed as (
	insert into jobs (kind, key)
		select kind, 'periodic' from unnest($10::text[]) as kind
			where not exists (select from found)
				-- One for each state: no index knows both, and those that are done are many.
				and not exists (select from jobs j where j.kind = kind.kind and j.key = 'periodic'
					and j.state = 'ready')
				and not exists (select from jobs j where j.kind = kind.kind and j.key = 'periodic'
					and j.state = 'running')
		-- include job_once.sql
		returning kind)

select c.id, c.kind, c.key, c.payload, c.session_id, c.attempts, c.max_attempts, c.has_died,
		case when c.id is not null then null when exists (select from renewed) then 0 else (
			-- least() leaves out what is null: with no job at all it is the longest rest.
			select greatest(0, least($11::bigint, ceil(1000 * extract(epoch from
					least(min(least(w.due, r.due)), (select run_at from ended
						where state = 'ready')) - clock_timestamp()))))::bigint
				from unnest($8::text[]) as k (kind)
					left join lateral (select min(run_at) as due from jobs j
						where j.kind = k.kind and j.state = 'ready') w on true
					left join lateral (select min(leased_until) as due from jobs j
						where j.kind = k.kind and j.state = 'running'
							and j.id is distinct from $1::bigint) r on true) end,
		(select s.payers from sessions s where s.id = c.session_id),
		exists (select from ended),
		-- A claim that a crash undoes is a job that somebody else finds.
		-- include lazy_commit.sql
	from (select) one left join claimed c on true
