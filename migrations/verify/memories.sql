begin;

select id, session_id, owner, visitor_id, scope, content, summary, index_text, search, importance,
	tags, metadata, embedding, embedding_model, content_hash, source_id, utterance_id, position,
	occurred_at, expires_at, created_at, updated_at
	from memories where false;
select model, content_hash, embedding, session_id, created_at, last_used_at
	from embedding_cache where false;
select 1 / (count(*) = 1)::int from pg_indexes where indexname = 'memories_words_idx'
	and indexdef like '%USING gin %';
select 1 / (count(*) = 4)::int from pg_index i join pg_class c on c.oid = i.indexrelid
	where c.relname in ('memories_content_key', 'memories_source_key', 'memories_pkey',
		'embedding_cache_pkey') and i.indisunique and i.indisvalid;
select 1 / (count(*) = 1)::int from pg_constraint where conrelid = 'memories'::regclass
	and confrelid = 'sessions'::regclass and cardinality(conkey) = 2
	and confdeltype = 'c' and confupdtype = 'c';
select 1 / (has_table_privilege('scribe_app', 'memories', 'delete')
	and has_column_privilege('scribe_app', 'memories', 'importance', 'update')
	and not has_column_privilege('scribe_app', 'memories', 'owner', 'update')
	and not has_column_privilege('scribe_app', 'memories', 'session_id', 'update')
	and not has_table_privilege('scribe_app', 'memories', 'truncate'))::int;

rollback;
