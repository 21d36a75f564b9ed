begin;

select 1 / (pg_get_triggerdef(oid) like '%clock_timestamp()%')::int
	from pg_trigger where tgrelid = 'jobs'::regclass and tgname = 'jobs_inserted';

rollback;
