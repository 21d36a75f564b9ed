/* recall.c -- finding memories: the weights, and the call of the database's memory_recall()
 * (migrations/deploy/memory_pieces.sql), which holds the statement and its reasons. */
#include "recall.h"

#include "../base/json_out.h"
#include "../domain/memory/index_text.h"
#include "../db/db.h"
#include "common/store/lazy_commit.sql.h"
#include "common/store/memory_columns.sql.h"
#include "common/store/session_touched.sql.h"
#include "sealed.h"
#include "sessions.h"

/* The defaults were chosen on five conversations of LoCoMo (997 questions), each step
 * of a weight changing what is found by less than a hundredth: a plateau, not a peak. */
struct recall_values {
	double  words, meaning, speaker, question, session, importance, recency, fading, use, date;
	double  alike;
	int64_t exact_max, codes_max, sample_max, rows_max;
};
static struct recall_values values;

static const struct cfg_key keys[] = {
	/* 0.35 finds as much; above 0.4 questions about several memories suffer. */
	CFG_KEY_NUM(recall_values, words, "RECALL_WORDS", .fallback = "0.3",
                .help = "weight of the words' score, which is 1 for the best match"),
	CFG_KEY_NUM(recall_values, meaning, "RECALL_MEANING", .fallback = "0.7",
                .help = "weight of the cosine, mean of the memory's own and its surroundings'"),
	/* 0.07 to 0.1 alike; it helps questions about several memories most. */
	CFG_KEY_NUM(recall_values, speaker, "RECALL_SPEAKER", .fallback = "0.08",
                .help = "added when the question names who said it"),
	/* 0.06 to 0.1 alike: the answer is wanted, not who asked before (0.844 to 0.854). */
	CFG_KEY_NUM(recall_values, question, "RECALL_QUESTION", .fallback = "0.08",
                .help = "taken from a memory that asks something"),
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
                .help = "times the logarithm of one more than its uses"),
	CFG_KEY_NUM(recall_values, date, "RECALL_DATE", .fallback = "0.1",
                .help = "added when it was said in the time the question asks about"),
	/* Sentences that differ in a name or a number are further apart than 0.03. */
	CFG_KEY_NUM(recall_values, alike, "RECALL_ALIKE", .fallback = "0.03",
                .help = "nearer to a better one than this (cosine distance): behind all others"),
	/* Who has more is entered in the indexes by a job, and of theirs the newest are compared. */
	CFG_KEY_INT(recall_values, exact_max, "RECALL_EXACT_MAX", .fallback = "1000", .min = 0,
                .max = 100000, .help = "up to so many memories of an owner are all compared"),
	/* Where reading 50 bytes of each costs about as much as the vector index. */
	CFG_KEY_INT(recall_values, codes_max, "RECALL_CODES_MAX", .fallback = "10000", .min = 0,
                .max = 1000000,
                .help = "up to so many, their short codes are compared; above, the vector index"),
	/* 250, 400 and 1000 find the same; each costs as much as it is large. */
	CFG_KEY_INT(recall_values, sample_max, "RECALL_SAMPLE_MAX", .fallback = "250", .min = 10,
                .max = 100000, .help = "memories that tell how rare a word is"),
	/* By the codes 60 find 0.843 of the evidence, 80 to 150 0.856; comparing all finds 0.858. */
	CFG_KEY_INT(recall_values, rows_max, "RECALL_ROWS_MAX", .fallback = "80", .min = 10,
                .max = 10000,
                .help = "nearest vectors that are compared then, and as many with rare words"),
};

const struct cfg_group recall_settings = {"Recall", &values, keys, COUNT(keys)};

/* $1 session $2 hash of its secret $3 words $4 model $5 vector $6 speakers named $7 scopes
 * $8 least importance $9 and $10 time asked about (unix seconds) $11 limit $12 weights */
static const char recall_sql[] =
	"select " MEMORY_COLUMNS_SQL ", r.similarity, r.score"
	" from memory_recall($1::uuid, $2::bytea, memory_folded($3), $4, $5::vector,"
	"  array(select jsonb_array_elements_text($6::jsonb)),"
	"  array(select jsonb_array_elements_text($7::jsonb)), $8::float8, $9::float8, $10::float8,"
	"  $11::int, $12::jsonb) r"
	/* No join, for whose plan all memories may be read. */
	" cross join lateral (select * from memories where id = r.id offset 0) m"
	" order by r.is_repeat, r.score desc, m.occurred_at desc";

int64_t recall_exact_max(void)
{
	return values.exact_max;
}

static struct err *weights_json(struct ctx *cx, bool asks_now, struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_num(j, "words", values.words);
	json_num(j, "meaning", values.meaning);
	json_num(j, "speaker", values.speaker);
	json_num(j, "question", values.question);
	json_num(j, "session", values.session);
	json_num(j, "importance", values.importance);
	json_num(j, "recency", values.recency);
	json_num(j, "fading", values.fading);
	json_num(j, "use", values.use);
	json_num(j, "date", values.date);
	json_num(j, "alike", values.alike);
	json_int(j, "exact_max", values.exact_max);
	json_int(j, "codes_max", values.codes_max);
	json_int(j, "sample_max", values.sample_max);
	json_int(j, "rows_max", values.rows_max);
	json_bool(j, "asks_now", asks_now);
	json_end(j);
	return json_finish(cx, j, out);
}

/* A row for each speaker, the third column. */
#define SPEAKERS_OF(sessions, max) \
	"select null, null, speaker, null from " sessions \
	", unnest(memory_speakers(memory_owner, " max "::int)) as speaker"

static void read_speakers(struct ctx *cx, const struct db_rows *rows, struct memory_people *out)
{
	out->speakers = NEW_ARRAY(cx->arena, const char *, (size_t)rows->count);
	out->speakers_n = 0;
	for (int i = 0; i < rows->count; i++)
		if (!row_is_null(rows, i, 2))
			out->speakers[out->speakers_n++] = row_text(rows, i, 2);
}

/* "here" is the fourth column of a row of its own. */
struct err *memory_look(struct ctx *cx, const char *session_id, size_t said_n,
                        struct memory_people *out, enum memory_stock *stock_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select null, null, null, bool_and(m.session_id = $1::uuid"
	             "   and m.utterance_id is not null) and count(*) <= $3::int"
	             "  from (select session_id, utterance_id from memories where owner ="
	             "    (select memory_owner from sessions where id = $1::uuid)"
	             "   limit $3::int + 1) m"
	             " union all (" SPEAKERS_OF("sessions", "$2") " where id = $1::uuid)",
	             ARGS(db_text(session_id), db_int(INDEX_NAMES_MAX), db_int((int64_t)said_n))));
	read_speakers(cx, &rows, out);
	*stock_out = MEMORIES_MORE;
	if (row_is_null(&rows, 0, 3))
		*stock_out = MEMORIES_NONE;
	else if (row_bool(&rows, 0, 3))
		*stock_out = MEMORIES_HERE;
	return NULL;
}

struct err *memory_people(struct ctx *cx, const char *session_id, const char *session_secret,
                          struct memory_people *out)
{
	struct db_rows rows;

	TRY(session_query(cx, session_id, session_secret,
	                  SESSION_TOUCHED_SQL
	                  " select verdict, case when verdict = 'ok' then session_names(id) end, null,"
	                  " " LAZY_COMMIT_SQL
	                  " from checked union all (" SPEAKERS_OF("checked",
	                                                          "$5") " where verdict = 'ok')",
	                  ARGS(db_int(INDEX_NAMES_MAX)), &rows));
	names_open(cx, row_text(&rows, 0, 1), &out->names);
	read_speakers(cx, &rows, out);
	return NULL;
}

static double within_one(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

static struct err *run(struct ctx *cx, const struct recall_query *in, struct db_rows *rows)
{
	struct hash secret = session_secret_hash(in->session_secret);
	const char *named, *scopes;
	struct span weights;

	TRY(json_texts(cx, in->named, in->named_n, &named));
	TRY(json_texts(cx, in->scopes, in->scopes_n, &scopes));
	TRY(weights_json(cx, in->asks_now, &weights));
	return db_query(cx, rows, recall_sql,
	                ARGS(db_text(in->session_id), db_bytes(hash_span(&secret)), db_text(in->words),
	                     db_text(in->vector.at ? in->vector.model : NULL),
	                     db_vector(in->vector.at, in->vector.n), db_text(named), db_text(scopes),
	                     db_num(in->min_importance), db_num((double)in->from_ms / 1000),
	                     db_num((double)in->until_ms / 1000), db_int(in->limit),
	                     db_text(weights.ptr)));
}

struct err *memory_search(struct ctx *cx, const struct recall_query *in, struct memory **out,
                          size_t *n_out)
{
	struct memory *found;
	struct db_rows rows;

	TRY(run(cx, in, &rows));
	found = NEW_ARRAY(cx->arena, struct memory, (size_t)rows.count);
	for (int i = 0; i < rows.count; i++) {
		memory_read(cx, &rows, i, &found[i]);
		found[i].similarity = within_one(row_num(&rows, i, MEMORY_COLUMNS_N));
		found[i].score = row_num(&rows, i, MEMORY_COLUMNS_N + 1);
	}
	*out = found;
	*n_out = (size_t)rows.count;
	return NULL;
}
