begin;

select mode, response_ms, first_audio_ms, degraded from turns where false;
select 1 / (has_column_privilege('scribe_app', 'turns', 'mode', 'update')
	and has_column_privilege('scribe_app', 'turns', 'response_ms', 'update')
	and has_column_privilege('scribe_app', 'turns', 'first_audio_ms', 'update')
	and has_column_privilege('scribe_app', 'turns', 'degraded', 'update'))::int;
select 1 / (count(*) filter (where convalidated) = 1)::int from pg_constraint
	where conrelid = 'turns'::regclass and conname = 'turns_measures_check';

rollback;
