begin;

select names_sealed, names_hash from sessions where false;
select sealed from memories where false;
select sealed from summaries where false;
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'sessions_owner_idx';
select 1 / (format_type(atttypid, atttypmod) = 'sealed_text')::int from pg_attribute
	where attrelid = 'sessions'::regclass and attname = 'names_sealed';
select 1 / (count(*) = 2)::int from pg_constraint
	where conname in ('memories_sealed_check', 'summaries_sealed_check');
select 1 / (has_column_privilege('scribe_app', 'sessions', 'names_sealed', 'update')
	and has_column_privilege('scribe_app', 'sessions', 'names_hash', 'update')
	and has_column_privilege('scribe_app', 'memories', 'sealed', 'update')
	and has_column_privilege('scribe_app', 'memories', 'source_id', 'update')
	and has_column_privilege('scribe_app', 'extracts', 'contact_sealed', 'update')
	and not has_column_privilege('scribe_app', 'extracts', 'lead_score', 'update')
	and has_function_privilege('scribe_app', 'session_names(uuid)', 'execute'))::int;
select 1 / (session_names(gen_random_uuid()) is null)::int;

rollback;
