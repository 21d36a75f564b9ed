begin;

select part_of, given_at from memories where false;
select 1 / (count(*) = 1)::int from pg_constraint where conrelid = 'memories'::regclass
	and confrelid = 'memories'::regclass and confdeltype = 'c';
select 1 / (count(*) = 1)::int from pg_constraint where conname = 'memories_part_check';
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_parts_idx'
	and indexdef like '%(part_of) WHERE (part_of IS NOT NULL)';
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_content_key'
	and indexdef like 'CREATE UNIQUE %(owner, scope, content_hash, given_at) NULLS NOT DISTINCT'
		' WHERE (utterance_id IS NULL)';
select 1 / (has_function_privilege('scribe_app', 'memory_only_asks(text)', 'execute')
	and not has_column_privilege('scribe_app', 'memories', 'part_of', 'update'))::int;
select 1 / (memory_only_asks('Dana: Where do you live? (7 May 2023 Sunday)')
	and memory_only_asks('where do you live') and not memory_only_asks('Where I live? In Rome.')
	and not memory_only_asks('I live here. Why?'))::int;
select 1 / (count(*) = 1)::int from pg_proc where proname = 'memory_recall'
	and prosrc like '%distinct on (whole)%memory_only_asks%'
	and 'plan_cache_mode=force_generic_plan' = any (proconfig);

rollback;
