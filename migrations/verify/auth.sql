begin;

select id, email, email_hash, password, confirmed_at, admitted_at, disabled_at, signed_in_at
	from people where false;
select id, person, refreshed_at, ends_at, revoked_at from auth_sessions where false;
select hash, session, parent, used_at, successor from refresh_tokens where false;
select id, person, redirect_to, ends_at, sent_at, used_at from recoveries where false;
select key, spent_until, known_until from auth_attempts where false;
select 1 / (count(*) = 3)::int from pg_constraint where contype = 'f' and confdeltype = 'c'
	and (conrelid, confrelid) in (('people'::regclass, 'profiles'::regclass),
		('auth_sessions'::regclass, 'people'::regclass),
		('refresh_tokens'::regclass, 'auth_sessions'::regclass));
select 1 / (count(*) = 4)::int from pg_attribute where atttypid = 'sealed_text'::regtype
	and attrelid in ('people'::regclass, 'refresh_tokens'::regclass)
	and attname in ('email', 'password', 'successor')
	or atttypid = 'hash32'::regtype and attrelid = 'refresh_tokens'::regclass and attname = 'hash';
select 1 / indisvalid::int from pg_index where indexrelid in (
	'people_unconfirmed_idx'::regclass, 'auth_sessions_person_idx'::regclass,
	'auth_sessions_ends_idx'::regclass, 'refresh_tokens_session_idx'::regclass,
	'refresh_tokens_used_idx'::regclass, 'refresh_tokens_successor_idx'::regclass,
	'recoveries_ends_idx'::regclass, 'auth_attempts_spent_idx'::regclass);
select 1 / (has_table_privilege('scribe_app', 'people', 'insert')
	and has_table_privilege('scribe_app', 'auth_attempts', 'update')
	and has_column_privilege('scribe_app', 'auth_sessions', 'revoked_at', 'update')
	and not has_column_privilege('scribe_app', 'auth_sessions', 'person', 'update')
	and not has_column_privilege('scribe_app', 'refresh_tokens', 'session', 'update')
	and not has_table_privilege('scribe_app', 'people', 'delete')
	and not has_column_privilege('scribe_app', 'profiles', 'role', 'update'))::int;
-- Whoever calls them, it is with the owner's rights and the owner's idea of names.
select 1 / (count(*) = 5)::int from pg_proc where prosecdef
	and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp']
	and has_function_privilege('scribe_app', oid, 'execute')
	and not has_function_privilege('scribe_user', oid, 'execute') and oid in
		('person_role()'::regprocedure, 'person_make(uuid, text, text)'::regprocedure,
		'person_give_role(uuid, text)'::regprocedure, 'person_remove(uuid)'::regprocedure,
		'purge_auth(integer)'::regprocedure);
select 1 / (provolatile = 's' and proparallel = 's')::int from pg_proc
	where oid = 'person_role()'::regprocedure;

rollback;
