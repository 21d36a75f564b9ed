begin;

select id, display_name, role, created_at, updated_at from profiles where false;
select 1 / (relrowsecurity)::int from pg_class where oid = 'profiles'::regclass;
select 1 / (count(*) = 2)::int from pg_policy where polrelid = 'profiles'::regclass
	and polname in ('profiles_programs', 'profiles_self');
select 1 / (has_column_privilege('scribe_user', 'profiles', 'display_name', 'update')
	and not has_column_privilege('scribe_user', 'profiles', 'role', 'update')
	and not has_table_privilege('scribe_user', 'profiles', 'insert')
	and not has_table_privilege('scribe_app', 'profiles', 'update'))::int;

rollback;
