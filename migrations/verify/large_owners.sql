begin;

select is_indexed from memories where false;
select 1 / (has_column_privilege('scribe_app', 'memories', 'is_indexed', 'update')
	and has_function_privilege('scribe_app', 'memory_index_is_due(text, int)', 'execute'))::int;
select 1 / (count(*) = 18)::int from pg_indexes
	where indexname ~ '^memories_((minilm|openai)_[0-7]|words|code)_idx$'
	and indexdef ~ ' WHERE .*is_indexed';
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_compared_idx'
	and indexdef like '%(owner, "position") WHERE (NOT is_indexed)';
select 1 / (count(*) = 17)::int from pg_proc
	where proname ~ '^memory_(nearest_(minilm|openai)_[0-7]|recall)$'
	and prosrc like '%m.is_indexed%' and 'plan_cache_mode=force_generic_plan' = any (proconfig);
select 1 / (count(*) = 1)::int from pg_constraint where conname = 'memories_dims_check';
select 1 / (not memory_index_is_due('nobody', 0))::int;
select 1 / (not exists (select from memory_recall(gen_random_uuid(), '\x00', 'x', null, null, '{}',
	'{}', 0, 0, 0, 5, '{}')))::int;

rollback;
