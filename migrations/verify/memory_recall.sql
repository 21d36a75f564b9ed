begin;

select code from memories where false;
select memory_id, access_count, last_referenced from memory_uses where false;
select 1 / (count(*) = 1)::int from pg_constraint where conrelid = 'memory_uses'::regclass
	and confrelid = 'memories'::regclass and confdeltype = 'c';
select 1 / (has_column_privilege('scribe_app', 'memory_uses', 'access_count', 'update')
	and not has_column_privilege('scribe_app', 'memory_uses', 'memory_id', 'update'))::int;
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_code_idx'
	and indexdef like '%(owner, embedding_model) INCLUDE (code, id, scope, importance, expires_at)%';
select 1 / (count(*) = 1)::int
	from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
	where d.adrelid = 'memories'::regclass and a.attname = 'code'
	and pg_get_expr(adbin, adrelid) like '%binary_quantize(embedding)%';
select 1 / ('autovacuum_vacuum_scale_factor=0.02' = any (reloptions)
	and 'autovacuum_vacuum_insert_scale_factor=0.02' = any (reloptions))::int from pg_class
	where oid = 'memories'::regclass;
select 1 / (has_function_privilege('scribe_app', 'memory_recall(uuid, bytea, text, text, vector, text[], text[], float8, float8, float8, int, jsonb)', 'execute'))::int;
select 1 / (has_function_privilege('scribe_app', 'memory_bucket(text)', 'execute')
	and has_function_privilege('scribe_app', 'memory_owner_is_large(text, int)', 'execute')
	and has_function_privilege('scribe_app', 'memory_nearest(text, text, vector, text[], float8, int)', 'execute'))::int;
select 1 / (proconfig is not distinct from '{plan_cache_mode=force_generic_plan}')::int
	from pg_proc where proname = 'memory_recall';
select 1 / (count(*) = 16)::int from pg_indexes
	where indexname ~ '^memories_(minilm|openai)_[0-7]_idx$'
	and indexdef like '%memory_bucket(owner) = ' || substr(indexname, 17, 1) || '%';
select 1 / (count(*) = 0)::int from pg_indexes
	where indexname in ('memories_minilm_idx', 'memories_openai_idx');
select 1 / (not exists (select from memory_recall(gen_random_uuid(), '\x00', 'x', null, null, '{}',
	'{}', 0, 0, 0, 5, '{}')))::int;

rollback;
