/* utterance_memories.c -- utterances that wait to be memories, and the one statement that makes
 * them some. */
#include "utterance_memories.h"

#include "common/store/lazy_commit.sql.h"
#include "common/store/utterances_keep.sql.h"
#include "common/store/utterances_waiting.sql.h"

#include "../base/json_out.h"
#include "../base/str.h"
#include "../db/db.h"
#include "memory_seal.h"
#include "recall.h"
#include "sealed.h"

#include <assert.h>

#define ROWS_BYTES_MAX ((size_t)64 << 20) /* of 64 utterances that are all escapes, and sealed */

/* The columns of utterances_waiting.sql. */
enum waiting_column {
	COL_NAMES,
	COL_MARKS,
	COL_ID,
	COL_SPEAKER,
	COL_TEXT,
	COL_SAID_MS,
	COL_SEALED,
	COL_POSITION,
	COL_HAS_VECTOR,
	COL_IS_BEHIND_DISTRESS
};

static const char *hex(struct ctx *cx, struct span hash)
{
	struct buf text = buf_new(cx->arena, 0);

	buf_hex(&text, hash.ptr, hash.len);
	return buf_text(&text);
}

static struct memory_utterance read_waiting(struct ctx *cx, const struct db_rows *rows, int i)
{
	const char *id = row_text(rows, i, COL_ID), *plain = row_text(rows, i, COL_TEXT);
	struct span sealed = row_bytes(cx, rows, i, COL_SEALED);

	return (struct memory_utterance){
		.id = id,
		.speaker = row_text(rows, i, COL_SPEAKER),
		.text = sealed_open(cx, AT_UTTERANCE(id), plain, sealed),
		.sealed = sealed,
		.said_ms = row_int(rows, i, COL_SAID_MS),
		.is_unmasked = !*plain,
		.has_vector = row_bool(rows, i, COL_HAS_VECTOR),
		.is_behind_distress = row_bool(rows, i, COL_IS_BEHIND_DISTRESS),
		.position = row_int(rows, i, COL_POSITION),
	};
}

/* The commit of the transaction waits for no disk. */
static struct err *lock_session(struct ctx *cx, const char *session_id)
{
	return db_exec(cx, NULL,
	               "select " LAZY_COMMIT_SQL " from sessions where id = $1::uuid for no key update",
	               ARGS(db_text(session_id)));
}

struct looking {
	const char    *session_id;
	int64_t        after;
	size_t         max;
	struct db_rows rows;
};

/* Behind whoever is adding to the session: they asked for this job while it waited, and may not ask
 * again for what they store now. What the lock leaves in the log nobody needs on the disk. */
static struct err *look_body(struct ctx *cx, void *data)
{
	struct looking *l = data;

	TRY(lock_session(cx, l->session_id));
	return db_query(cx, &l->rows, UTTERANCES_WAITING_SQL,
	                ARGS(db_text(l->session_id), db_int(l->after), db_int((int64_t)l->max)));
}

struct err *memory_utterances(struct ctx *cx, const char *session_id, int64_t after, size_t max,
                              struct memory_waiting *out)
{
	struct looking           l = {.session_id = session_id, .after = after, .max = max};
	struct memory_utterance *said;
	struct span              done;

	TRY(db_tx(cx, look_body, &l));
	said = NEW_ARRAY(cx->arena, struct memory_utterance, (size_t)l.rows.count);
	*out = (struct memory_waiting){.said = said};
	names_open(cx, row_text(&l.rows, 0, COL_NAMES), &out->names);
	done = names_hash(cx, &out->names);
	out->is_masked = !done.ptr || str_equal(row_text(&l.rows, 0, COL_MARKS), hex(cx, done));
	for (int i = 0; i < l.rows.count && !row_is_null(&l.rows, i, COL_ID); i++)
		said[out->n++] = read_waiting(cx, &l.rows, i);
	return NULL;
}

struct err *utterances_in_distress(struct ctx *cx, const char *session_id, int64_t position,
                                   size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select count(*) from utterances u where u.session_id = $1::uuid"
	             " and u.position < $2::bigint and u.in_distress and u.speaker = 'visitor'"
	             " and u.position > coalesce((select max(c.position) from utterances c"
	             "  where c.session_id = $1::uuid and c.position < $2::bigint"
	             "   and not c.in_distress), 0)",
	             ARGS(db_text(session_id), db_int(position))));
	*n_out = (size_t)row_int(&rows, 0, 0);
	return NULL;
}

struct err *memory_mask_utterance(struct ctx *cx, const struct memory_utterance *u,
                                  const struct names *names)
{
	struct kept_text kept = sealed_keep(cx, AT_UTTERANCE(u->id), u->text, names);

	return db_exec(cx, NULL,
	               "update utterances set text = $2, text_sealed = $3::bytea"
	               " where id = $1::uuid and text = '' and text_sealed = $4::bytea",
	               ARGS(db_text(u->id), db_text(kept.masked), db_bytes(kept.sealed),
	                    db_bytes(u->sealed)));
}

/* ---- keeping ---- */

struct keeping {
	const struct memory_new *in;
	const char             **ids; /* of the memories that these are to be */
	size_t                   n;
	const char              *session_id, *rows_json;
	struct span              names_hash;
	float                   *vectors; /* all, one behind the other */
	size_t                   vectors_n;
};

static void add_vector(struct keeping *to, struct json_out *j, const struct memory_vector *vector)
{
	assert(to->vectors);
	json_int(j, "vector_from", (int64_t)to->vectors_n + 1);
	memcpy(to->vectors + to->vectors_n, vector->at, vector->n * sizeof(*vector->at));
	to->vectors_n += vector->n;
	json_int(j, "vector_to", (int64_t)to->vectors_n);
	json_str(j, "model", vector->model);
}

static void write_row(struct ctx *cx, struct json_out *j, const struct memory_new *in,
                      const struct memory_kept *k, struct keeping *to)
{
	json_obj(j, NULL);
	json_str(j, "id", k->id);
	json_str(j, "utterance_id", in->utterance_id);
	json_raw(j, "content", span_of(k->plain.content));
	json_str(j, "speaker", k->plain.speaker);
	json_str(j, "words", k->plain.words);
	json_int(j, "said_ms", in->occurred_ms);
	json_str(j, "hash", hex(cx, k->hash));
	json_str(j, "sealed", k->sealed);
	if (in->vector.at)
		add_vector(to, j, &in->vector);
	json_end(j);
}

/* Room for the vectors of all; NULL when there are none. */
static float *room_for_vectors(struct ctx *cx, const struct memory_new *in, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += in[i].vector.at ? in[i].vector.n : 0;
	return total ? NEW_ARRAY(cx->arena, float, total) : NULL;
}

static struct err *keep_body(struct ctx *cx, void *data)
{
	const struct keeping *k = data;
	struct db_rows        rows;

	/* A crash that undoes the memories undoes the end of their job with them. */
	TRY(lock_session(cx, k->session_id));
	TRY(db_query(cx, &rows, UTTERANCES_KEEP_SQL,
	             ARGS(db_text(k->session_id), db_text(k->rows_json), db_bytes(k->names_hash),
	                  db_int(recall_exact_max()), db_reals(k->vectors, k->vectors_n))));
	if (row_int(&rows, 0, 0) == 0)
		return NULL;
	for (size_t i = 0; i < k->n; i++)
		TRY(memory_keep_more(cx, k->ids[i], &k->in[i]));
	return memory_enforce_cap(cx, row_text(&rows, 0, 1), row_int(&rows, 0, 2),
	                          row_int(&rows, 0, 3));
}

struct err *memory_insert_utterances(struct ctx *cx, const char *session_id,
                                     const struct memory_new *in, size_t n)
{
	struct json_out *j = json_new(cx->arena, ROWS_BYTES_MAX);
	struct keeping   keeping = {.in = in,
	                            .ids = NEW_ARRAY(cx->arena, const char *, n),
	                            .n = n,
	                            .session_id = session_id,
	                            .vectors = room_for_vectors(cx, in, n)};
	struct span      json;

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++) {
		struct memory_kept kept;

		TRY(memory_keep(cx, &in[i], &kept));
		write_row(cx, j, &in[i], &kept, &keeping);
		keeping.names_hash = kept.names_hash;
		keeping.ids[i] = kept.id;
	}
	json_end(j);
	TRY(json_finish(cx, j, &json));
	keeping.rows_json = json.ptr;
	return db_tx(cx, keep_body, &keeping);
}

struct err *utterances_keep_later(struct ctx *cx, const char *session_id, const char *done_json)
{
	return db_exec(cx, NULL,
	               "insert into jobs (kind, key, payload, session_id)"
	               " select 'keep_utterances', id::text, $2::jsonb, id from sessions"
	               "  where id = $1::uuid"
	               " on conflict (kind, key) where state = 'ready'"
	               "  do update set run_at = least(jobs.run_at, excluded.run_at)",
	               ARGS(db_text(session_id), db_text(done_json)));
}

struct err *memory_drop_old_vectors(struct ctx *cx)
{
	return db_exec(cx, NULL,
	               "delete from utterance_vectors where made_at < now() - interval '1 day'",
	               NO_ARGS);
}
