begin;

-- Each trigger asks first whether somebody listens.
select 1 / (count(*) = 12)::int from pg_trigger
	where tgfoid = 'realtime_tell()'::regprocedure and tgenabled = 'O'
		and pg_get_triggerdef(oid) like '%NOT (pg_try_advisory_xact_lock_shared(1380271180, 1)'
			|| ' AND pg_try_advisory_xact_lock_shared(1380271180, 2))%';
select 1 / (coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp'])::int
	from pg_proc where oid = 'realtime_tell()'::regprocedure;

rollback;
