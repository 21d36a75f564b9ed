begin;

select 1 / (count(*) = 1)::int from pg_db_role_setting
	where setrole = 'scribe_app'::regrole and setdatabase = (select oid from pg_database
			where datname = current_database())
		and array['enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off']
			<@ setconfig;

rollback;
