begin;

select 1 / (count(*) = 3)::int from storage_buckets;
select id, bucket_id, name, version, size, type, etag, cache_control, metadata, put_by, session_id,
	created_at, updated_at from storage_objects where false;
select hash, object_id, bucket_id, name, is_upsert, made_by, expires_at from storage_links where false;
select version, at from storage_gone where false;

-- Rows by policy, for everybody but the owner.
select 1 / (count(*) = 4)::int from pg_class
	where relname in ('storage_buckets', 'storage_objects', 'storage_links', 'storage_gone')
		and relrowsecurity;
select 1 / (bool_and(coalesce(qual, with_check) like '%person_role()%'))::int
	from pg_policies where tablename like 'storage\_%' and roles = '{scribe_rest}'
		and policyname not in ('storage_links_make');
select 1 / (count(*) = 6)::int from pg_policies where tablename like 'storage\_%'
	and roles = '{scribe_rest}';
select 1 / (not has_table_privilege('scribe_rest', 'storage_links', 'select')
	and not has_any_column_privilege('scribe_rest', 'storage_links', 'select, update')
	and not has_column_privilege('scribe_rest', 'storage_objects', 'session_id', 'insert, update')
	and not has_column_privilege('scribe_rest', 'storage_objects', 'put_by', 'update')
	and not has_table_privilege('scribe_rest', 'storage_gone', 'select')
	and not has_any_column_privilege('scribe_app', 'storage_links', 'select, insert')
	and has_table_privilege('scribe_app', 'storage_gone', 'delete')
	and not has_table_privilege('scribe_app', 'storage_objects', 'delete'))::int;
select 1 / (count(*) = 2)::int from pg_trigger
	where tgname in ('storage_objects_counted', 'storage_objects_fit') and tgenabled = 'O';
select 1 / (count(*) = 9)::int from pg_proc where proname in ('storage_changed', 'storage_fits',
		'storage_room', 'storage_may_put', 'storage_linked', 'storage_place', 'storage_put_by_link',
		'storage_audit', 'storage_export') and prosecdef
	and coalesce(proconfig, '{}') @> array['search_path=public, pg_temp'];
select 1 / (not has_function_privilege('scribe_app', 'storage_linked(hash32)', 'execute')
	and not has_function_privilege('scribe_rest', 'storage_expire(integer)', 'execute')
	and not has_function_privilege('scribe_rest', 'storage_role_of(uuid)', 'execute'))::int;
select 1 / (count(*) = 1)::int from pg_constraint
	where conname = 'storage_objects_session_id_fkey' and confdeltype = 'c';

rollback;
