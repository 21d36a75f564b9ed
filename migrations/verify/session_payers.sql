begin;

select payers from sessions where false;
select 1 / (not has_column_privilege('scribe_app', 'sessions', 'payers', 'update'))::int;
select 1 / count(*) from pg_constraint where conrelid = 'sessions'::regclass
	and conname = 'sessions_payers_check';

rollback;
