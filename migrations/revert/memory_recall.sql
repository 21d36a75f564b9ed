begin;
set local role scribe_owner;

drop function memory_recall(uuid, bytea, text, text, vector, text[], text[], float8, float8,
	float8, int, jsonb);
drop function memory_nearest(text, text, vector, text[], float8, int);
drop function memory_owner_is_large(text, int);
drop function memory_terms(text, text, int);
alter table memories reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
alter table memories add column access_count integer not null default 0,
	add column last_referenced timestamptz;
grant update (access_count, last_referenced) on memories to scribe_app;
update memories m set access_count = u.access_count, last_referenced = u.last_referenced
	from memory_uses u where u.memory_id = m.id;
drop table memory_uses;
alter table memories drop column code; -- and with it memories_code_idx
do $$ begin
	for bucket in 0..7 loop
		execute format('drop index memories_minilm_%1$s_idx, memories_openai_%1$s_idx', bucket);
	end loop;
end $$;
drop function memory_bucket(text);
create index memories_minilm_idx on memories
	using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
	where embedding_model = 'all-MiniLM-L6-v2';
create index memories_openai_idx on memories
	using hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops)
	where embedding_model = 'text-embedding-3-small';

commit;
