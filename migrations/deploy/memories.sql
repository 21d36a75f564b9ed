-- Memories: what is recalled, by meaning and by words.
--
-- A memory belongs to an owner, copied from sessions.memory_owner ('v:<visitor uuid>' with
-- consent, else 's:<session uuid>'). The foreign key over (session_id, owner) makes a memory of
-- another owner impossible to store, whatever a program passes, and moves the memories along
-- should a session's owner ever change.
--
-- One column holds the vectors of all models; each model has its own partial index. The indexes
-- keep half-precision copies: half the size and memory, and the order they find differs from the
-- exact one only in the fourth decimal, which the statement can settle from the stored vector.
-- To use one, a query repeats both the cast and the predicate:
--   where embedding_model = 'all-MiniLM-L6-v2'
--   order by embedding::halfvec(384) <=> $1::halfvec(384)
begin;
set local role scribe_owner;

create table memories (
	id              uuid primary key default gen_random_uuid(),
	session_id      uuid not null,
	owner           text not null,
	visitor_id      text check (char_length(visitor_id) <= 200),
	scope           text not null check (scope in ('short', 'medium', 'long', 'episodic')),
	content         jsonb not null check (octet_length(content::text) <= 131072),
	summary         text check (octet_length(summary) <= 16384),
	-- What is embedded and searched: speaker, date, the words, the neighbours' words.
	index_text      text not null default '' check (octet_length(index_text) <= 262144),
	search          tsvector generated always as
	                (to_tsvector('pg_catalog.english'::regconfig, index_text)) stored,
	importance      integer not null default 5 check (importance between 1 and 10),
	tags            text[] not null default '{}' check (cardinality(tags) <= 20),
	metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
	embedding       vector,
	embedding_model text check (char_length(embedding_model) <= 100),
	content_hash    hash32 not null,
	source_id       text check (char_length(source_id) between 1 and 200),
	utterance_id    uuid unique references utterances on delete cascade,
	position        bigint generated always as identity, -- neighbours within a session
	occurred_at     timestamptz not null default now(),  -- when it was said, not when saved
	expires_at      timestamptz,
	last_referenced timestamptz,
	access_count    integer not null default 0,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	foreign key (session_id, owner) references sessions (id, memory_owner)
		on delete cascade on update cascade,
	check ((embedding is null) = (embedding_model is null))
) with (fillfactor = 90); -- counting a use must not touch the indexes

-- The same content is kept once per owner and scope. Utterances are exempt: people do say the
-- same twice. An upsert names the predicate:
--   on conflict (owner, scope, content_hash) where utterance_id is null
create unique index memories_content_key on memories (owner, scope, content_hash)
	where utterance_id is null;
create unique index memories_source_key on memories (owner, source_id) where source_id is not null;
create index memories_owner_idx on memories (owner, scope, occurred_at desc);
create index memories_session_idx on memories (session_id, position);
create index memories_expiry_idx on memories (expires_at) where expires_at is not null;
create index memories_unembedded_idx on memories (created_at) where embedding is null;
-- No pending list: a search must not pay for the inserts before it.
create index memories_words_idx on memories using gin (owner, search) with (fastupdate = off);
create index memories_minilm_idx on memories
	using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
	where embedding_model = 'all-MiniLM-L6-v2';
create index memories_openai_idx on memories
	using hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops)
	where embedding_model = 'text-embedding-3-small';

-- Counting a use is no change of the memory.
create trigger memories_updated
	before update of content, summary, index_text, importance, tags, metadata on memories
	for each row execute function set_updated_at();

-- Vectors already paid for, by SHA-256 of the embedded text. session_id is whose words caused
-- the row: they go together; for anybody else it is only made again.
create table embedding_cache (
	model        text not null check (char_length(model) between 1 and 100),
	content_hash hash32 not null,
	embedding    vector not null,
	session_id   uuid references sessions on delete cascade,
	created_at   timestamptz not null default now(),
	last_used_at timestamptz not null default now(),
	primary key (model, content_hash)
);
create index embedding_cache_used_idx on embedding_cache (last_used_at);
create index embedding_cache_session_idx on embedding_cache (session_id)
	where session_id is not null;

grant select, insert, delete on memories to scribe_app;
grant update (content, summary, index_text, importance, tags, metadata, embedding,
	embedding_model, content_hash, occurred_at, expires_at, last_referenced, access_count,
	updated_at) on memories to scribe_app;
grant select, insert, delete on embedding_cache to scribe_app;
grant update (embedding, last_used_at) on embedding_cache to scribe_app;

commit;
