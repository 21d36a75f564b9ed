-- An answer is found by its question, what only asks comes later, and the search costs half.
--
-- "Who looks after the oven?" -- "My brother does." The answer has no word of what it is about.
-- So the words of the question right before it, by another speaker, count as its own, and its
-- surroundings' vector has the question twice. On the public benchmark the right memory is first
-- for 0.46 of the questions instead of 0.42 (the first ten hold 0.86 of the evidence, 0.84 before).
-- A memory that asks something tells little: w.question is taken from its score.
--
-- The ranks of a memory for the words of a question are one vector now (memory_ranks): their
-- sum over memories tells how rare each word is, its product with that is the score, both in
-- pgvector's own code; and a small owner's memories, all read anyway, serve as their own sample.
begin;
set local role scribe_owner;

-- The table is written anew, and the indexes that take long are made once, at the end.
set local maintenance_work_mem = '1GB';
do $$ begin
	for bucket in 0..7 loop
		execute format('drop index memories_minilm_%1$s_idx, memories_openai_%1$s_idx', bucket);
	end loop;
end $$;
drop function memory_terms(text, text, int);
alter table memories drop column search; -- and with it memories_words_idx
alter table memories
	add column question text not null default '' check (octet_length(question) <= 65536);
grant update (question) on memories to scribe_app;

-- A question mark that ends a sentence, not one inside a URL; those of Chinese and Arabic end one.
create function memory_asks(words text) returns boolean
language sql immutable parallel safe
return words ~ '\?[\s"'')\]]|\?$|[\uff1f\u061f]';
grant execute on function memory_asks(text) to scribe_app;

-- What is there already, as store/memories.c does it for one memory and its neighbours; but a sum
-- instead of the mean, which has the same direction.
update memories m set question = left(t.asked, 1000), embedding_near = coalesce(
		(t.around + t.embedding + t.asked_embedding)::halfvec, m.embedding_near)
	from (select id, speaker, embedding,
			lag(words) over in_session as asked,
			lag(speaker) over in_session as asked_by,
			case when lag(id) over in_session = lag(id) over of_model
				then lag(embedding) over of_model end as asked_embedding,
			sum(embedding) over (of_model rows between 2 preceding and 2 following) as around
		from memories
		where scope <> 'short' and metadata->>'kind' is distinct from 'summary'
		window in_session as (partition by session_id order by position),
			of_model as (partition by session_id, embedding_model order by position)) t
	where m.id = t.id and memory_asks(t.asked) and t.asked_by is distinct from t.speaker;

alter table memories
	add column is_question boolean generated always as (memory_asks(words)) stored,
	add column search tsvector generated always as (
		setweight(to_tsvector('pg_catalog.english'::regconfig, words), 'A') ||
		setweight(to_tsvector('pg_catalog.english'::regconfig, question), 'A') ||
		setweight(to_tsvector('pg_catalog.english'::regconfig, index_text), 'B')) stored;
create index memories_words_idx on memories
	using gin (memory_word_keys(owner, tsvector_to_array(search))) with (fastupdate = off);
do $$ begin
	for bucket in 0..7 loop
		execute format('create index memories_minilm_%1$s_idx on memories
			using hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
			where embedding_model = ''all-MiniLM-L6-v2'' and memory_bucket(owner) = %1$s', bucket);
		execute format('create index memories_openai_%1$s_idx on memories
			using hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops)
			where embedding_model = ''text-embedding-3-small'' and memory_bucket(owner) = %1$s',
			bucket);
	end loop;
end $$;

-- The words of a question in 16 queries; of more words some share one.
create function memory_slots(words text[]) returns tsquery[]
language sql immutable parallel safe
begin atomic
	select array(select string_agg(quote_literal(words[n]), '|')::tsquery
		from generate_series(0, 15) as slot
			left join generate_subscripts(words, 1) as n on n % 16 = slot
		group by slot order by slot);
end;

-- How well a memory matches each slot. What was said in the memory itself, or asked before it, has
-- weight 1, the date and the neighbours 0.6. ts_rank's own sum over the positions of one word,
-- 1 + 1/4 + 1/9 ..., serves as the saturation. Written out: a loop takes three times as long.
do $$ begin
	execute 'create function memory_ranks(search tsvector, slots tsquery[]) returns vector
		language sql immutable parallel safe
		return array[' || (select string_agg(
			format('coalesce(ts_rank(''{0,0,0.6,1}'', search, slots[%s]), 0)', slot), ', ')
			from generate_series(1, 16) as slot) || ']::real[]::vector';
end $$;

-- In how many of some memories each slot is said, by the sum of their ranks. A word said once is in
-- a memory and in its neighbours', some 2 in all ranks together: half the sum. A slot of several
-- words has the mean of their ranks.
create function memory_slot_counts(slots tsquery[], ranks vector) returns real[]
language sql immutable parallel safe strict
begin atomic
	select array_agg(case when slot is not null then rank * (numnode(slot) + 1) / 4 end order by n)
		from unnest(slots, ranks::real[]) with ordinality as t (slot, rank, n);
end;

-- Weights of the slots: the inverse document frequency of BM25, which ts_rank does not know.
create function memory_slot_weights(slots tsquery[], ranks vector, memories float8) returns vector
language sql immutable parallel safe strict
begin atomic
	select array_agg(coalesce((numnode(slots[n]) + 1) / 2
			* ln(1 + (memories - least(count, memories) + 0.5) / (count + 0.5)), 0)
			order by n)::real[]::vector
		from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n);
end;

-- Slots rare enough that all memories with them can be looked at.
create function memory_rare_slots(slots tsquery[], ranks vector, memories float8) returns int[]
language sql immutable parallel safe strict
begin atomic
	select array_agg(n) from (select n::int, count, row_number() over by_count as nth,
				sum(count) over by_count as total
			from unnest(memory_slot_counts(slots, ranks)) with ordinality as t (count, n)
			where count is not null
			window by_count as (order by count, n)) counted
		where total <= 0.015 * memories or nth = 1 and count <= 0.05 * memories;
end;

-- The memories of a large owner nearest to a vector: a function for each vector index, whose kept
-- plan names it. Nothing of a model that has none.
drop function memory_nearest(text, text, vector, text[], float8, int);
do $$ declare
	model record;
begin
	for model in select name, short, dims, bucket
			from (values ('all-MiniLM-L6-v2', 'minilm', 384),
				('text-embedding-3-small', 'openai', 1536)) as m (name, short, dims),
			generate_series(0, 7) as bucket loop
		execute format('create function memory_nearest_%1$s_%2$s(whose text, vec vector,
				scopes text[], least_importance float8, wanted int) returns uuid[]
			language plpgsql stable set plan_cache_mode = force_generic_plan
			set enable_sort = off set hnsw.iterative_scan = relaxed_order set hnsw.ef_search = 100
			as $f$ begin
				return array(select m.id from memories m
					where m.owner || '''' = whose and m.embedding_model = %3$L
						and memory_bucket(m.owner) = %2$s
						and m.scope = any (scopes) and m.importance >= least_importance
						and (m.expires_at is null or m.expires_at > now())
					order by m.embedding::halfvec(%4$s) <=> vec::halfvec(%4$s) limit wanted);
			end $f$', model.short, model.bucket, model.name, model.dims);
		execute format('grant execute on function
			memory_nearest_%s_%s(text, vector, text[], float8, int) to scribe_app',
			model.short, model.bucket);
	end loop;
end $$;
create function memory_nearest(whose text, model text, vec vector, scopes text[],
	least_importance float8, wanted int) returns uuid[]
language plpgsql stable as $$
declare
	short text := case model when 'all-MiniLM-L6-v2' then 'minilm'
		when 'text-embedding-3-small' then 'openai' end;
	found uuid[];
begin
	if short is null then
		return '{}';
	end if;
	execute format('select memory_nearest_%s_%s($1, $2, $3, $4, $5)', short, memory_bucket(whose))
		into found using whose, vec, scopes, least_importance, wanted;
	return found;
end $$;

-- Distinct speakers of an owner, by skipping from one to the next along the index.
create function memory_speakers(whose text, wanted int) returns text[]
language plpgsql stable parallel safe as $$
begin
	return array(with recursive names as (
			(select speaker, 1 as n from memories m where m.owner = whose and speaker is not null
				order by speaker limit 1)
			union all
			select (select m.speaker from memories m
				where m.owner = whose and m.speaker > names.speaker order by m.speaker limit 1), n + 1
				from names where names.speaker is not null and n < wanted)
		select speaker from names where speaker is not null);
end $$;

-- Scores are added, not ranks: on the public benchmark that finds a tenth more. Nothing when the
-- pair of session and secret is wrong. "owner || ''" keeps the planner, which expects an owner of
-- average size, from reading all memories of a large one. Uses are looked up for the best only:
-- their weight is small. An answer is as similar as it is with its question, if that is more.
create or replace function memory_recall(session uuid, secret bytea, asked text, model text,
	vec vector, named text[], scopes text[], least_importance float8, from_s float8, until_s float8,
	wanted int, weights jsonb)
returns table (id uuid, similarity float8, score float8, is_repeat boolean)
language plpgsql stable
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
	w         record;
	whose     text;
	near      halfvec := vec::halfvec;
	vec_code  bit varying := binary_quantize(vec);
	now_s     float8 := extract(epoch from now());
	is_small  boolean;
	rows      int;
	said      text[];
	slots     tsquery[];
	any_word  tsquery;
	sample_n  int;
	sample    vector;
	rare      int[];
	keys      bigint[];
	picked    uuid[];
	nearest   uuid[] := '{}';
begin
	select memory_owner into whose from sessions s
		where s.id = session and secret_matches(secret_hash, secret);
	if not found then
		return;
	end if;
	select * into w from jsonb_to_record(weights) as w (words float8, meaning float8,
		speaker float8, session float8, importance float8, recency float8, fading float8,
		use float8, date float8, alike float8, question float8, exact_max int, codes_max int,
		sample_max int, rows_max int);
	said := array(select word
		from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', asked))) as word
		where word !~ '[''\\]' limit 64);
	slots := memory_slots(said);
	any_word := (select string_agg(quote_literal(word), '|')::tsquery from unnest(said) as word);
	select count(*) <= w.exact_max into is_small
		from (select from memories m where m.owner = whose limit w.exact_max + 1) m;

	rows := greatest(w.rows_max, 2 * wanted + 10);
	if not is_small then
		-- The newest memories tell how rare a word is.
		select count(*), sum(memory_ranks(m.search, slots)) into sample_n, sample
			from (select search from memories m where m.owner = whose
				order by m.scope, m.occurred_at desc limit w.sample_max) m;
		rare := memory_rare_slots(slots, sample, sample_n);
		keys := memory_word_keys(whose, array(select word
			from unnest(said) with ordinality as t (word, n) where n % 16 + 1 = any (rare)));
		picked := array(select m.id from memories m
			where m.owner || '' = whose
				and memory_word_keys(m.owner, tsvector_to_array(m.search)) && keys
				and m.scope = any (scopes) and m.importance >= least_importance
				and (m.expires_at is null or m.expires_at > now())
			limit rows);
		if vec is not null and memory_owner_is_large(whose, w.codes_max) then
			nearest := memory_nearest(whose, model, vec, scopes, least_importance, rows);
		end if;
		-- Filters that let little through have the index give up early, or it does not reach all.
		if vec is not null and cardinality(nearest) < rows then
			nearest := array(select m.id from memories m
				where m.owner = whose and m.embedding_model = model and m.embedding is not null
					and m.scope = any (scopes) and m.importance >= least_importance
					and (m.expires_at is null or m.expires_at > now())
				order by hamming_distance(m.code, vec_code) limit rows);
		end if;
		picked := picked || nearest;
	end if;

	return query with
		measured as materialized (
			select m.id, m.session_id, m.scope, m.importance, m.is_question,
				m.question <> '' as is_answer,
				extract(epoch from m.occurred_at)::float8 as said_s,
				case when m.embedding_model = model then 1 - (m.embedding <=> vec) end as plain,
				case when m.embedding_model = model then 1 - (m.embedding_near <=> near) end
					as near,
				coalesce(m.speaker = any (named), false) as is_named,
				case when m.search @@ any_word then memory_ranks(m.search, slots) end as ranks
			from (select * from memories m where is_small and m.owner = whose
				union all
				select * from memories m
					where not is_small and m.id = any (picked) and m.owner || '' = whose) m
			where m.scope = any (scopes) and m.importance >= least_importance
				and (m.expires_at is null or m.expires_at > now())),
		rarity as materialized (select memory_slot_weights(slots,
				coalesce(sample, (select sum(ranks) from measured)),
				coalesce(sample_n, (select count(*) from measured))) as weights),
		worded as (select m.*,
				coalesce(-(ranks <#> (select weights from rarity)), 0) as word_score
			from measured m),
		judged as (select m.*,
				coalesce(word_score / nullif(max(word_score) over (), 0), 0) as word_part,
				coalesce((plain + coalesce(m.near, plain)) / 2,
					avg((plain + coalesce(m.near, plain)) / 2) over (), 0) as meaning_part
			from worded m where plain is not null or word_score > 0),
		based as (select j.*, w.words * word_part + w.meaning * meaning_part
				+ case when is_named then w.speaker else 0 end
				- case when is_question then coalesce(w.question, 0) else 0 end
				+ w.importance * (j.importance - 5)
				+ w.recency * greatest(0, least(1, 1 - (now_s - said_s) / 604800))
				- case when scope = 'episodic'
					then w.fading * greatest(0, least(1, (now_s - said_s) / 31536000))
					else 0 end
				+ case when said_s >= from_s and said_s < until_s then w.date else 0 end as base
			from judged j),
		ranked as materialized (select b.id,
				coalesce(case when is_answer then greatest(plain, b.near) else plain end, word_part)
					as similarity,
				base + w.session * max(base) over (partition by b.session_id) as score
			from based b order by score desc limit wanted * 2 + 10),
		shown as materialized (select r.id, r.similarity, m.words,
				r.score + w.use * ln(1 + coalesce((select access_count from memory_uses u
					where u.memory_id = r.id), 0)) as score,
				case when m.embedding_model = model then m.embedding end as embedding
			from ranked r join memories m on m.id = r.id)
		-- Repeats stand behind everything that is none.
		select r.id, r.similarity, r.score,
			exists (select from shown u where (u.score, u.id) > (r.score, r.id)
				and (u.words = r.words or u.embedding <=> r.embedding < w.alike)) as is_repeat
			from shown r order by is_repeat, r.score desc limit wanted;
end $$;

grant execute on function memory_slots(text[]) to scribe_app;
grant execute on function memory_ranks(tsvector, tsquery[]) to scribe_app;
grant execute on function memory_slot_counts(tsquery[], vector) to scribe_app;
grant execute on function memory_slot_weights(tsquery[], vector, float8) to scribe_app;
grant execute on function memory_rare_slots(tsquery[], vector, float8) to scribe_app;
grant execute on function memory_nearest(text, text, vector, text[], float8, int) to scribe_app;
grant execute on function memory_speakers(text, int) to scribe_app;

commit;
