begin;

select 1 / (not exists (select from pg_class where relname = 'turns_running_idx'))::int;
select 1 / coalesce(reloptions @> array['fillfactor=80'], false)::int
	from pg_class where oid = 'turns'::regclass;
select 1 / (count(*) = 1)::int from pg_proc where proname = 'memory_recall'
	and prosrc like '%lateral (%offset 0) m%'
	and 'plan_cache_mode=force_generic_plan' = any (proconfig);

rollback;
