-- What there is in the database, for metrics: rows of (what, which, value). Nothing here reads a
-- table from end to end: of large ones the planner's own estimate of their rows is told. The rows
-- of jobs that are ready or dead are few; leads are counted in their index.
--
-- $1  the score from which a visitor is a lead
with waiting as (
	select kind,
	       count(*) filter (where state = 'ready' and run_at <= now()) as due,
	       coalesce(extract(epoch from now() - min(run_at)
	                filter (where state = 'ready' and run_at <= now())), 0) as age,
	       count(*) filter (where state = 'dead') as dead
	from jobs where state in ('ready', 'dead') group by kind
)
select 'jobs_waiting', kind, due::float8 from waiting
union all
select 'job_age', kind, age::float8 from waiting
union all
select 'jobs_dead', kind, dead::float8 from waiting
union all
select 'leads', null, count(*)::float8 from sessions where lead_score >= $1::int
union all
select 'rows', relname::text, greatest(reltuples, 0)::float8 from pg_class
where relname in ('sessions', 'utterances', 'memories', 'email_signups', 'jobs')
	and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
union all
select 'bytes', null, pg_database_size(current_database())::float8
union all
select 'connections', null, count(*)::float8 from pg_stat_activity
where datname = current_database()
union all
select 'connections_max', null, current_setting('max_connections')::float8
union all
select 'archiving', null,
	coalesce(last_archived_time >= last_failed_time, last_failed_time is null)::int::float8
from pg_stat_archiver
where current_setting('archive_mode') <> 'off'
	and (last_archived_time is not null or last_failed_time is not null)
