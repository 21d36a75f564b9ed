begin;
set local role scribe_owner;
set local maintenance_work_mem = '1GB';

drop function memory_speakers(text, int);
drop function memory_nearest(text, text, vector, text[], float8, int);
do $$ begin
	for bucket in 0..7 loop
		execute format('drop function memory_nearest_minilm_%1$s(text, vector, text[], float8, int),
			memory_nearest_openai_%1$s(text, vector, text[], float8, int)', bucket);
	end loop;
end $$;
drop function memory_rare_slots(tsquery[], vector, float8);
drop function memory_slot_weights(tsquery[], vector, float8);
drop function memory_slot_counts(tsquery[], vector);
drop function memory_ranks(tsvector, tsquery[]);
drop function memory_slots(text[]);

-- The mean vectors keep what questions added to them.
alter table memories drop column search, drop column is_question, drop column question;
drop function memory_asks(text);
alter table memories add column search tsvector generated always as (
	setweight(to_tsvector('pg_catalog.english'::regconfig, words), 'A') ||
	setweight(to_tsvector('pg_catalog.english'::regconfig, index_text), 'B')) stored;
create index memories_words_idx on memories
	using gin (memory_word_keys(owner, tsvector_to_array(search))) with (fastupdate = off);

-- Words count by their inverse document frequency within the owner, taken from a sample of the
-- newest memories: ts_rank knows none. Its own sum over the positions of one word, 1 + 1/4 + 1/9
-- ..., serves as the saturation. What was said in the memory itself has weight 1, the date and
-- the neighbours 0.6. Rare words are those that find few enough memories to look at them all.
create function memory_terms(owner text, asked text, sample_max int)
returns table (term tsquery, idf float8, key bigint, is_rare boolean)
language sql stable parallel safe
begin atomic
	with sample as materialized (select m.search from memories m
			where m.owner = memory_terms.owner
			order by m.scope, m.occurred_at desc limit sample_max),
		terms as materialized (select t.term,
				(memory_word_keys(memory_terms.owner, array[word]))[1] as key,
				(select count(*) from sample s where s.search @@ said)::float8 as df
			from (select word, quote_literal(word)::tsquery as term,
					(quote_literal(word) || ':A')::tsquery as said
				from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', asked))) as word
				where word !~ '[''\\]' limit 64) t)
	select t.term, ln(1 + (n - df + 0.5) / (df + 0.5)), t.key,
		sum(df) over by_df <= 0.015 * n or row_number() over by_df = 1 and df <= 0.05 * n
		from terms t, (select count(*)::float8 as n from sample) size
		window by_df as (order by df, t.key);
end;

-- The memories of a large owner nearest to a vector. Not a kept plan: the bucket must stand in
-- the statement for its index to be used.
create function memory_nearest(whose text, model text, vec vector, scopes text[],
	least_importance float8, wanted int) returns uuid[]
language plpgsql stable
set hnsw.iterative_scan = relaxed_order
as $$
declare
	found uuid[];
begin
	execute format('select array(select m.id from memories m
		where m.owner || '''' = $1 and m.embedding_model = %1$L and memory_bucket(m.owner) = %2$s
			and m.scope = any ($3) and m.importance >= $4
			and (m.expires_at is null or m.expires_at > now())
		order by m.embedding::halfvec(%3$s) <=> $2::halfvec(%3$s) limit $5)',
		model, memory_bucket(whose), vector_dims(vec))
		into found using whose, vec, scopes, least_importance, wanted;
	return found;
end $$;

create or replace function memory_recall(session uuid, secret bytea, asked text, model text, vec vector,
	named text[], scopes text[], least_importance float8, from_s float8, until_s float8,
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
	terms     tsquery[];
	idfs      float8[];
	keys      bigint[];
	any_term  tsquery;
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
		use float8, date float8, alike float8, exact_max int, codes_max int, sample_max int,
		rows_max int);
	select array_agg(term), array_agg(idf), array_agg(key) filter (where is_rare),
		string_agg(term::text, '|')::tsquery
		into terms, idfs, keys, any_term from memory_terms(whose, asked, w.sample_max);
	select count(*) <= w.exact_max into is_small
		from (select from memories m where m.owner = whose limit w.exact_max + 1) m;

	rows := greatest(w.rows_max, 2 * wanted + 10);
	if not is_small then
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
			select m.id, m.session_id, m.scope, m.importance,
				(select access_count from memory_uses u where u.memory_id = m.id) as uses,
				extract(epoch from m.occurred_at)::float8 as said_s,
				case when m.embedding_model = model then 1 - (m.embedding <=> vec) end as plain,
				case when m.embedding_model = model then 1 - (m.embedding_near <=> near) end
					as near,
				coalesce(m.speaker = any (named), false) as is_named,
				case when m.search @@ any_term
					then (select sum(ts_rank('{0,0,0.6,1}', m.search, t.term) * t.idf)
						from unnest(terms, idfs) as t (term, idf)) else 0 end as word_score
			from (select * from memories m where is_small and m.owner = whose
				union all
				select * from memories m
					where not is_small and m.id = any (picked) and m.owner || '' = whose) m
			where m.scope = any (scopes) and m.importance >= least_importance
				and (m.expires_at is null or m.expires_at > now())),
		judged as (select m.*,
				coalesce(word_score / nullif(max(word_score) over (), 0), 0) as word_part,
				coalesce((plain + coalesce(m.near, plain)) / 2,
					avg((plain + coalesce(m.near, plain)) / 2) over (), 0) as meaning_part
			from measured m where plain is not null or word_score > 0),
		based as (select j.*, w.words * word_part + w.meaning * meaning_part
				+ case when is_named then w.speaker else 0 end
				+ w.importance * (j.importance - 5)
				+ w.recency * greatest(0, least(1, 1 - (now_s - said_s) / 604800))
				- case when scope = 'episodic'
					then w.fading * greatest(0, least(1, (now_s - said_s) / 31536000))
					else 0 end
				+ w.use * ln(1 + coalesce(uses, 0))
				+ case when said_s >= from_s and said_s < until_s then w.date else 0 end as base
			from judged j),
		ranked as materialized (select b.id, b.plain, b.word_part,
				base + w.session * max(base) over (partition by b.session_id) as score
			from based b order by score desc limit wanted * 2 + 10),
		shown as materialized (select r.*, m.words,
				case when m.embedding_model = model then m.embedding end as embedding
			from ranked r join memories m on m.id = r.id)
		-- Repeats stand behind everything that is none.
		select r.id, coalesce(r.plain, r.word_part), r.score,
			exists (select from shown u where (u.score, u.id) > (r.score, r.id)
				and (u.words = r.words or u.embedding <=> r.embedding < w.alike)) as is_repeat
			from shown r order by is_repeat, r.score desc limit wanted;
end $$;

grant execute on function memory_terms(text, text, int) to scribe_app;
grant execute on function memory_nearest(text, text, vector, text[], float8, int) to scribe_app;

commit;
