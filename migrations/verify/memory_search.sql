begin;

select speaker, words, embedding_near, search from memories where false;
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_words_idx'
	and indexdef like '%USING gin (memory_word_keys(owner, tsvector_to_array(search)))%';
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_speaker_idx';
select 1 / (count(*) = 1)::int from pg_constraint where conname = 'memories_near_check';
select 1 / ('toast_tuple_target=8160' = any (reloptions))::int from pg_class
	where oid = 'memories'::regclass;
-- By its expression, or by a trigger since words are folded (words_folded).
select 1 / (count(*) = 1)::int from (select
	from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
	where d.adrelid = 'memories'::regclass and a.attname = 'search'
	and pg_get_expr(adbin, adrelid) like '%setweight%words%A%setweight%index_text%B%'
	union all select from pg_trigger
	where tgrelid = 'memories'::regclass and tgname = 'memories_searched') made;
select 1 / (has_column_privilege('scribe_app', 'memories', 'words', 'update')
	and has_function_privilege('scribe_app', 'memory_word_keys(text, text[])', 'execute')
	and not has_column_privilege('scribe_app', 'memories', 'search', 'update'))::int;
select 1 / (memory_word_keys('a', array['x']) <> memory_word_keys('b', array['x']))::int;

rollback;
