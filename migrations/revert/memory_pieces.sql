begin;
set local role scribe_owner;

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
	is_large  boolean;
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
	is_large := exists (select from memories m where m.owner = whose and m.is_indexed);

	rows := greatest(w.rows_max, 2 * wanted + 10);
	if is_large then
		-- The newest memories tell how rare a word is.
		select count(*), sum(memory_ranks(m.search, slots)) into sample_n, sample
			from (select search from memories m where m.owner = whose
				order by m.scope, m.occurred_at desc limit w.sample_max) m;
		rare := memory_rare_slots(slots, sample, sample_n);
		keys := memory_word_keys(whose, array(select word
			from unnest(said) with ordinality as t (word, n) where n % 16 + 1 = any (rare)));
		picked := array(select m.id from memories m
			where m.owner || '' = whose and m.is_indexed
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
				where m.owner = whose and m.embedding_model = model and m.is_indexed
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
			from ((select * from memories m where m.owner = whose and not m.is_indexed
					order by m.position desc limit w.exact_max + 1000)
				union all
				select * from memories m
					where is_large and m.id = any (picked) and m.owner || '' = whose) m
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
			from ranked r cross join lateral (
				select * from memories where id = r.id offset 0) m)
		-- Repeats stand behind everything that is none.
		select r.id, r.similarity, r.score,
			exists (select from shown u where (u.score, u.id) > (r.score, r.id)
				and (u.words = r.words or u.embedding <=> r.embedding < w.alike)) as is_repeat
			from shown r order by is_repeat, r.score desc limit wanted;
end $$;

drop function memory_only_asks(text);
delete from memories where part_of is not null;
-- Of the same words at several times the first stay.
delete from memories m where utterance_id is null and exists (
	select from memories o where o.owner = m.owner and o.scope = m.scope
		and o.content_hash = m.content_hash and o.utterance_id is null
		and (o.created_at, o.id) < (m.created_at, m.id));
drop index memories_content_key;
create unique index memories_content_key on memories (owner, scope, content_hash)
	where utterance_id is null;
alter table memories drop column part_of, drop column given_at; -- and with it memories_part_check

commit;
