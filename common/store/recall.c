/* recall.c -- the statement that finds memories.
 *
 * Candidates: all memories of a small owner (each row is read once, which is
 * cheaper and finds more than an index that must be filtered); of a large one the
 * nearest by the vector index and those with the rare words of the question by
 * the word index, so the work does not grow with what is stored. Candidates are
 * then scored exactly.
 *
 * Words count by their inverse document frequency within the owner, taken from a
 * sample of the newest memories: ts_rank knows none. Its own sum over the
 * positions of one word, 1 + 1/4 + 1/9 ..., serves as the saturation. What was
 * said in the memory itself has weight 1, the date and the neighbours 0.6.
 *
 * Scores are added, not ranks: on the public benchmark that finds a tenth more. */
#include "recall.h"

#include "../base/json_out.h"
#include "../base/str.h"
#include "../io/db.h"
#include "sessions.h"

#define MODEL_LOCAL  "all-MiniLM-L6-v2"
#define MODEL_OPENAI "text-embedding-3-small"

/* The defaults were chosen on five conversations of LoCoMo (997 questions), each step
 * of a weight changing what is found by less than a hundredth: a plateau, not a peak. */
struct recall_values {
	double  words, meaning, speaker, session, importance, recency, fading, use, date, alike;
	int64_t exact_max, sample_max, rows_max;
};
static struct recall_values values;

static const struct cfg_key keys[] = {
	/* 0.35 finds as much; above 0.4 questions about several memories suffer. */
	CFG_KEY_NUM(recall_values, words, "RECALL_WORDS", .fallback = "0.3",
                .help = "weight of the words' score, which is 1 for the best match"),
	CFG_KEY_NUM(recall_values, meaning, "RECALL_MEANING", .fallback = "0.7",
                .help = "weight of the cosine, mean of the memory's own and its surroundings'"),
	/* 0.05 to 0.08 alike; it helps questions about several memories most (0.46 to 0.49). */
	CFG_KEY_NUM(recall_values, speaker, "RECALL_SPEAKER", .fallback = "0.07",
                .help = "added when the question names who said it"),
	/* 0.1 to 0.3 alike: the talk that has the best match has more of it. */
	CFG_KEY_NUM(recall_values, session, "RECALL_SESSION", .fallback = "0.15",
                .help = "share of its session's best score added to each memory"),
	/* By judgement: from 1 to 10 the importance outweighs a tenth of cosine. */
	CFG_KEY_NUM(recall_values, importance, "RECALL_IMPORTANCE", .fallback = "0.01",
                .help = "added for each point of importance above 5"),
	/* By judgement: enough to win between equals. */
	CFG_KEY_NUM(recall_values, recency, "RECALL_RECENCY", .fallback = "0.05",
                .help = "added to a memory of this moment, falling to nothing in 7 days"),
	CFG_KEY_NUM(recall_values, fading, "RECALL_FADING", .fallback = "0.02",
                .help = "taken from an episodic memory, growing to that over a year"),
	/* Small: what is found often must not be found for everything. */
	CFG_KEY_NUM(recall_values, use, "RECALL_USE", .fallback = "0.003",
                .help = "added for each doubling (e-fold) of uses"),
	CFG_KEY_NUM(recall_values, date, "RECALL_DATE", .fallback = "0.1",
                .help = "added when it was said in the time the question asks about"),
	/* Sentences that differ in a name or a number are further apart than 0.03. */
	CFG_KEY_NUM(recall_values, alike, "RECALL_ALIKE", .fallback = "0.03",
                .help = "nearer to a better one than this (cosine distance): behind all others"),
	CFG_KEY_INT(recall_values, exact_max, "RECALL_EXACT_MAX", .fallback = "1500", .min = 0,
                .max = 100000, .help = "up to so many memories of an owner are all compared"),
	/* 250, 400 and 1000 find the same; each costs as much as it is large. */
	CFG_KEY_INT(recall_values, sample_max, "RECALL_SAMPLE_MAX", .fallback = "250", .min = 10,
                .max = 100000, .help = "memories that tell how rare a word is"),
	CFG_KEY_INT(recall_values, rows_max, "RECALL_ROWS_MAX", .fallback = "150", .min = 10,
                .max = 10000,
                .help = "nearest vectors taken from the index; of rare words three times as many"),
};

const struct cfg_group recall_settings = {"Recall", &values, keys, COUNT(keys)};

/* $1 session $2 hash of its secret $3 model $4 vector $5 words $6 speakers named $7 scopes
 * $8 least importance $9 limit $10 weights $11 and $12 time asked about (unix seconds)
 *
 * The planner expects an owner to be of average size. "owner || ''" keeps it from
 * reading all memories of a large one where the candidates come from another index. */
#define ASKED_SQL \
	"with asked as materialized (select memory_owner as owner from sessions" \
	"  where id = $1::uuid and secret_matches(secret_hash, $2::bytea))," \
	" w as materialized (select * from jsonb_to_record($10::jsonb) as w (words float8," \
	"  meaning float8, speaker float8, session float8, importance float8, recency float8," \
	"  fading float8, use float8, date float8, alike float8, exact_max int, sample_max int," \
	"  rows_max int))," \
	" sample as materialized (select m.search from memories m" \
	"  where m.owner = (select owner from asked)" \
	"  order by m.scope, m.occurred_at desc limit (select sample_max from w))," \
	" size as materialized (select (select count(*) from sample)::float8 as n," \
	"  (select count(*) from (select from memories m where m.owner = (select owner from asked)" \
	"   limit (select exact_max + 1 from w)) x) <= (select exact_max from w) as is_small)," \
	" asked_words as materialized (" \
	"  select quoted, memory_word_keys((select owner from asked), array[word]) as keys," \
	"   (select count(*) from sample s" \
	"    where s.search @@ (quoted || ':A')::tsquery)::float8 as df" \
	"  from (select word, '''' || word || '''' as quoted" \
	"   from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', $5::text))) as word" \
	"   where word !~ '[''\\\\]' limit 64) q)," \
	" terms as materialized (select quoted::tsquery as query, keys[1] as key, df," \
	"  ln(1 + (n - df + 0.5) / (df + 0.5)) as idf from asked_words, size)," \
	" picked as materialized (select key from (select key, df," \
	"   sum(df) over (order by df, key) as so_far," \
	"   row_number() over (order by df, key) as place from terms) t, size" \
	"  where so_far <= 0.015 * n or place = 1 and df <= 0.05 * n),"

#define FOUND_SQL(model, dims) \
	" found as materialized (" \
	"  (select m.id from memories m" \
	"    where (select is_small from size) and m.owner = (select owner from asked))" \
	"  union all" \
	"  (select * from (" \
	"   (select m.id from memories m" \
	"     where $4::text is not null and not (select is_small from size)" \
	"      and m.owner || '' = (select owner from asked) and m.embedding_model = '" model "'" \
	"     order by m.embedding::halfvec(" dims ") <=> $4::halfvec(" dims ")" \
	"     limit (select rows_max from w))" \
	"   union" \
	"   (select m.id from memories m" \
	"     where not (select is_small from size) and m.owner || '' = (select owner from asked)" \
	"      and memory_word_keys(m.owner, tsvector_to_array(m.search))" \
	"       && array(select key from picked)" \
	"     limit (select 3 * rows_max from w))) x)),"

#define RANKED_SQL \
	" measured as materialized (" \
	"  select m.id, m.session_id, m.scope, m.importance, m.occurred_at, m.access_count," \
	"   case when m.embedding_model = $3::text" \
	"    then 1 - (m.embedding <=> $4::vector) end as plain," \
	"   case when m.embedding_model = $3::text" \
	"    then 1 - (m.embedding_near <=> $4::halfvec) end as near," \
	"   coalesce(m.speaker = any (array(select jsonb_array_elements_text($6::jsonb))), false)" \
	"    as is_named," \
	"   coalesce((select sum(ts_rank('{0,0,0.6,1}', m.search, t.query) * t.idf) from terms t" \
	"    where m.search @@ t.query), 0) as word_score" \
	"  from found f join memories m on m.id = f.id" \
	"  where m.owner || '' = (select owner from asked)" \
	"   and m.scope = any (array(select jsonb_array_elements_text($7::jsonb)))" \
	"   and m.importance >= $8::float8 and (m.expires_at is null or m.expires_at > now()))," \
	" judged as (select m.*," \
	"   coalesce(word_score / nullif(max(word_score) over (), 0), 0) as word_part," \
	"   coalesce((plain + coalesce(near, plain)) / 2," \
	"    avg((plain + coalesce(near, plain)) / 2) over (), 0) as meaning_part," \
	"   extract(epoch from now() - occurred_at)::float8 as age" \
	"  from measured m where plain is not null or word_score > 0)," \
	" based as (select j.*, w.words * word_part + w.meaning * meaning_part" \
	"   + case when is_named then w.speaker else 0 end" \
	"   + w.importance * (j.importance - 5)" \
	"   + w.recency * greatest(0, least(1, 1 - age / 604800))" \
	"   - case when scope = 'episodic' then w.fading * greatest(0, least(1, age / 31536000))" \
	"      else 0 end" \
	"   + w.use * ln(1 + access_count)" \
	"   + case when occurred_at >= to_timestamp($11::float8)" \
	"      and occurred_at < to_timestamp($12::float8) then w.date else 0 end as base" \
	"  from judged j, w),"

/* Repeats stand behind everything that is none. */
#define CHOSEN_SQL \
	" ranked as materialized (select b.id, b.plain, b.word_part," \
	"   base + w.session * max(base) over (partition by b.session_id) as score" \
	"  from based b, w order by score desc limit $9::int * 2 + 10)," \
	" shown as materialized (select r.*, m.words," \
	"   case when m.embedding_model = $3::text then m.embedding end as embedding" \
	"  from ranked r join memories m on m.id = r.id)," \
	" chosen as materialized (select r.*, exists (select from shown u" \
	"   where (u.score, u.id) > (r.score, r.id) and (u.words = r.words" \
	"    or u.embedding <=> r.embedding < (select alike from w))) as is_repeat from shown r)" \
	" select " MEMORY_COLUMNS ", coalesce(c.plain, c.word_part), c.score" \
	"  from chosen c join memories m on m.id = c.id" \
	"  order by c.is_repeat, c.score desc limit $9::int"

static const char local_sql[] = ASKED_SQL FOUND_SQL(MODEL_LOCAL, "384") RANKED_SQL CHOSEN_SQL;
static const char openai_sql[] = ASKED_SQL FOUND_SQL(MODEL_OPENAI, "1536") RANKED_SQL CHOSEN_SQL;

static const char *texts_json(struct ctx *cx, const char *const *texts, size_t n)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, texts[i]);
	json_end(j);
	return json_done(j).ptr;
}

static const char *weights_json(struct ctx *cx)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_num(j, "words", values.words);
	json_num(j, "meaning", values.meaning);
	json_num(j, "speaker", values.speaker);
	json_num(j, "session", values.session);
	json_num(j, "importance", values.importance);
	json_num(j, "recency", values.recency);
	json_num(j, "fading", values.fading);
	json_num(j, "use", values.use);
	json_num(j, "date", values.date);
	json_num(j, "alike", values.alike);
	json_int(j, "exact_max", values.exact_max);
	json_int(j, "sample_max", values.sample_max);
	json_int(j, "rows_max", values.rows_max);
	json_end(j);
	return json_done(j).ptr;
}

static double within_one(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

static struct err *run(struct ctx *cx, const struct recall_query *in, struct db_rows *rows)
{
	struct hash          secret = session_secret_hash(in->session_secret);
	struct memory_vector vector = in->vector;
	bool                 is_openai = str_equal(vector.model, MODEL_OPENAI);

	/* There is no index for any other model: then words alone. */
	if (!is_openai && !str_equal(vector.model, MODEL_LOCAL))
		vector = (struct memory_vector){.at = NULL};
	return db_query(cx, rows, is_openai ? openai_sql : local_sql,
	                ARGS(db_text(in->session_id), db_bytes(hash_span(&secret)),
	                     db_text(vector.model), db_vector(vector.at, vector.n), db_text(in->words),
	                     db_text(texts_json(cx, in->named, in->named_n)),
	                     db_text(texts_json(cx, in->scopes, in->scopes_n)),
	                     db_num(in->min_importance), db_int(in->limit), db_text(weights_json(cx)),
	                     db_num((double)in->from_ms / 1000), db_num((double)in->until_ms / 1000)));
}

struct err *memory_search(struct ctx *cx, const struct recall_query *in, struct memory **out,
                          size_t *n_out)
{
	struct memory *found;
	struct db_rows rows;

	TRY(run(cx, in, &rows));
	found = NEW_ARRAY(cx->arena, struct memory, (size_t)rows.count);
	for (int i = 0; i < rows.count; i++) {
		memory_read(&rows, i, &found[i]);
		found[i].similarity = within_one(row_num(&rows, i, MEMORY_COLUMNS_N));
		found[i].score = row_num(&rows, i, MEMORY_COLUMNS_N + 1);
	}
	*out = found;
	*n_out = (size_t)rows.count;
	return NULL;
}
