begin;

select 1 / (count(*) = 3)::int from pg_roles
	where rolname in ('scribe_owner', 'scribe_app', 'scribe_user')
		and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication
			or rolbypassrls);
select 1 / (count(*) = 4)::int from pg_extension
	where extname in ('pgcrypto', 'uuid-ossp', 'vector', 'btree_gin');
select 1 / (has_schema_privilege('scribe_owner', 'public', 'create')
	and not has_schema_privilege('scribe_app', 'public', 'create')
	and not has_schema_privilege('scribe_user', 'public', 'create'))::int;
select 1 / (has_database_privilege('scribe_app', current_database(), 'connect')
	and not has_database_privilege('scribe_app', current_database(), 'create, temporary'))::int;
select 1 / (not pg_has_role('scribe_app', 'scribe_owner', 'member'))::int;
select 1 / (secret_matches('\x01', '\x01') and not secret_matches('\x01', '\x02')
	and not secret_matches(null, '\x01'))::int;
select 1 / (has_function_privilege('scribe_app', 'secret_matches(bytea, bytea)', 'execute'))::int;
select 1 / (count(*))::int from pg_db_role_setting s
	join pg_database d on d.oid = s.setdatabase and d.datname = current_database()
	where s.setrole = 'scribe_app'::regrole and s.setconfig @> array['jit=off', 'TimeZone=UTC'];

rollback;
