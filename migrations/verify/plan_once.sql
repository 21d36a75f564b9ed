begin;

select 1 / (count(*) = 7)::int from pg_proc p join pg_language l on l.oid = p.prolang
	where l.lanname = 'plpgsql' and p.pronamespace = 'public'::regnamespace
		and p.proname in ('secret_matches', 'is_held', 'memory_slots', 'memory_slot_counts',
			'memory_slot_weights', 'memory_rare_slots', 'memory_owner_is_large');
select 1 / (count(*) = 1)::int from pg_db_role_setting
	where setrole = 'scribe_app'::regrole and setdatabase = (select oid from pg_database
			where datname = current_database())
		and 'plan_cache_mode=force_generic_plan' = any (setconfig);

rollback;
