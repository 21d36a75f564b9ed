begin;

select question, is_question, search from memories where false;
-- By its expression, or by a trigger since words are folded (words_folded).
select 1 / (count(*) = 1)::int from (select
	from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
	where d.adrelid = 'memories'::regclass and a.attname = 'search'
	and pg_get_expr(adbin, adrelid) like '%words%A%question%A%index_text%B%'
	union all select from pg_trigger
	where tgrelid = 'memories'::regclass and tgname = 'memories_searched') made;
select 1 / (has_column_privilege('scribe_app', 'memories', 'question', 'update')
	and not has_column_privilege('scribe_app', 'memories', 'is_question', 'update'))::int;
select 1 / (memory_asks('Really? "When?" I see.') and memory_asks('Is it?')
	and memory_asks(E'\u5417\uff1f')
	and not memory_asks('see https://a.example/?b=c')
	and has_function_privilege('scribe_app', 'memory_asks(text)', 'execute'))::int;
select 1 / (count(*) = 17)::int from pg_indexes
	where indexname ~ '^memories_((minilm|openai)_[0-7]|words)_idx$';
select 1 / (count(*) = 16)::int from pg_proc
	where proname ~ '^memory_nearest_(minilm|openai)_[0-7]$'
	and 'enable_sort=off' = any (proconfig) and 'hnsw.iterative_scan=relaxed_order' = any (proconfig)
	and has_function_privilege('scribe_app', oid, 'execute');
select 1 / (has_function_privilege('scribe_app', 'memory_slots(text[])', 'execute')
	and has_function_privilege('scribe_app', 'memory_ranks(tsvector, tsquery[])', 'execute')
	and has_function_privilege('scribe_app', 'memory_slot_counts(tsquery[], vector)', 'execute')
	and has_function_privilege('scribe_app', 'memory_slot_weights(tsquery[], vector, float8)', 'execute')
	and has_function_privilege('scribe_app', 'memory_rare_slots(tsquery[], vector, float8)', 'execute')
	and has_function_privilege('scribe_app', 'memory_nearest(text, text, vector, text[], float8, int)', 'execute')
	and has_function_privilege('scribe_app', 'memory_speakers(text, int)', 'execute'))::int;
select 1 / (count(*) = 0)::int from pg_proc where proname = 'memory_terms';
-- More words than slots: the 17th shares one with the first.
select 1 / (numnode((memory_slots(array(select 'w' || n from generate_series(1, 17) n)))[2]) = 3)::int;
-- A word heard beside ten memories of a hundred weighs less than one heard beside one.
select 1 / (w[2] < w[3] and w[1] = 0)::int from (select memory_slot_weights(
	memory_slots('{common,rare}'), ('[0,10,1' || repeat(',0', 13) || ']')::vector, 100)::real[]) x (w);
select 1 / (memory_rare_slots(memory_slots('{common,rare}'),
	('[0,10,1' || repeat(',0', 13) || ']')::vector, 100) = '{3}')::int;
select 1 / (not exists (select from memory_recall(gen_random_uuid(), '\x00', 'x', null, null, '{}',
	'{}', 0, 0, 0, 5, '{}')))::int;

rollback;
