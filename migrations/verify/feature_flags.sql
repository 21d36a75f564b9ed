begin;

select name, share, salt, modes, origins, note, created_at, changed_at from feature_flags where false;
select flags_forced from sessions where false;
select flags from turns where false;
select 1 / (has_table_privilege('scribe_app', 'feature_flags', 'select')
	and not has_table_privilege('scribe_app', 'feature_flags', 'insert')
	and not has_any_column_privilege('scribe_app', 'feature_flags', 'update')
	and not has_column_privilege('scribe_app', 'sessions', 'flags_forced', 'update')
	and has_column_privilege('scribe_app', 'turns', 'flags', 'update'))::int;
select 1 / (count(*) filter (where convalidated) = 2)::int from pg_constraint
	where conname in ('sessions_flags_check', 'turns_flags_check');
select 1 / (flag_bucket('salt', 's:1') = 4343)::int;

rollback;
