/* memories.c -- the memories table, but for searching it.
 *
 * The order of a session's memories is their position. Inserting locks the
 * session row, so that positions of one session are given one after the other
 * and each insert sees the neighbours before it; what is connected again is the
 * new memory and the two before it. The mean vector and the index text are
 * made by the database from the neighbours' own words and vectors, never from
 * their index texts, so making them twice gives the same. */
#include "memories.h"

#include "../base/json_out.h"
#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "common/store/memory_connect.sql.h"
#include "common/store/memory_count_use.sql.h"
#include "common/store/memory_index_next.sql.h"
#include "common/store/memory_insert.sql.h"
#include "common/store/memory_more.sql.h"
#include "common/store/memory_unembedded.sql.h"
#include "common/store/memory_unfolded.sql.h"
#include "../domain/who/mask.h"
#include "memory_seal.h"
#include "recall.h"
#include "sealed.h"

#define INSERT_TRIES 2
#define CAP_EVERY    50   /* a large owner is counted at every fiftieth memory only */
#define CAP_SMALL    2000 /* up to here counting is cheap */

#define LARGE_BYTES 8192 /* of content, summary and metadata; as memories_large_idx has it */

struct memory_values {
	int64_t owner_max, large_bytes, short_hours, keep_ms;
};
static struct memory_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(memory_values, keep_ms, "MEMORY_KEEP_MS", .fallback = "20000", .min = 0,
                .max = 600000,
                .help = "what was said is remembered so much later, several turns at once"),
	CFG_KEY_INT(memory_values, large_bytes, "MEMORY_LARGE_BYTES", .fallback = "67108864",
                .min = 1 << 17, .max = INT64_C(1) << 40,
                .help = "of one visitor's memories above 8 kB; the least valuable go first"),
	CFG_KEY_INT(memory_values, owner_max, "MEMORY_OWNER_MAX", .fallback = "200000", .min = 1,
                .max = 10000000, .help = "memories of one visitor; the least valuable go first"),
	CFG_KEY_INT(memory_values, short_hours, "MEMORY_SHORT_HOURS", .fallback = "24", .min = 1,
                .max = 87600, .help = "a memory of scope short is forgotten after so long"),
};

const struct cfg_group memory_settings = {"Memory", &values, keys, COUNT(keys)};

int64_t memory_keep_ms(void)
{
	return values.keep_ms;
}

/* What was sealed takes the place of what is masked. */
static void open_parts(struct ctx *cx, const char *sealed, struct memory *out)
{
	struct memory_parts parts;

	if (!sealed || !memory_unseal(cx, out->id, sealed, &parts))
		return;
	out->content_json = parts.content;
	out->summary = parts.summary;
	out->speaker = parts.speaker;
	out->tags_json = parts.tags ? parts.tags : out->tags_json;
	out->source_id = parts.source_id;
}

void memory_read(struct ctx *cx, const struct db_rows *rows, int row, struct memory *out)
{
	*out = (struct memory){
		.id = row_text(rows, row, 0),
		.content_json = row_text(rows, row, 1),
		.summary = row_text(rows, row, 2),
		.scope = row_text(rows, row, 3),
		.tags_json = row_text(rows, row, 4),
		.session_id = row_text(rows, row, 5),
		.created_at = row_text(rows, row, 6),
		.last_referenced = row_text(rows, row, 7),
		.occurred_at = row_text(rows, row, 8),
		.source_id = row_text(rows, row, 9),
		.speaker = row_text(rows, row, 10),
		.importance = row_int(rows, row, 11),
		.access_count = row_int(rows, row, 12),
		.question = row_text(rows, row, 14),
	};
	open_parts(cx, row_text(rows, row, 13), out);
}

struct err *memory_names(struct ctx *cx, const char *session_id, struct names *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select session_names($1::uuid)", ARGS(db_text(session_id))));
	names_open(cx, row_text(&rows, 0, 0), out);
	return NULL;
}

/* ---- neighbours ---- */

struct err *memory_connect(struct ctx *cx, const char *session_id, int64_t position)
{
	return db_exec(cx, NULL, MEMORY_CONNECT_SQL, ARGS(db_text(session_id), db_int(position)));
}

/* ---- inserting ---- */

/* What is worth least: short before episodic before the rest, unimportant, unused, old. */
#define WORTH_SQL \
	"importance + ln(1 + coalesce((select u.access_count from memory_uses u" \
	"   where u.memory_id = memories.id), 0))" \
	"  + case scope when 'long' then 4 when 'medium' then 2 when 'episodic' then 1 else 0 end"

static const char cap_sql[] =
	"delete from memories where id in (select id from memories where owner = $1"
	"  and part_of is null order by " WORTH_SQL ", occurred_at, position"
	" limit greatest(0, (select count(*) from memories where owner = $1 and part_of is null)"
	"  - $2::bigint))";

/* Bytes are those on the disk: nothing is unpacked to count them. */
static const char cap_large_sql[] =
	"delete from memories where id in (select id from (select id,"
	"  sum(pg_column_size(content) + pg_column_size(metadata)"
	"   + coalesce(pg_column_size(summary), 0) + coalesce(pg_column_size(sealed), 0))"
	"  over (order by " WORTH_SQL " desc, occurred_at desc, position desc) as total"
	"  from memories where owner = $1 and octet_length(content::text)"
	"   + octet_length(metadata::text) + octet_length(coalesce(summary, '')) > 8192) m"
	" where total > $2::bigint)";

struct inserting {
	const struct memory_new  *in;
	const struct memory_kept *kept;
	struct memory            *out;
	bool                     *is_duplicate;
};

static struct err *insert_row(struct ctx *cx, const struct memory_new *in,
                              const struct memory_kept *k, struct db_rows *rows)
{
	return db_query(cx, rows, MEMORY_INSERT_SQL,
	                ARGS(db_text(in->session_id), db_text(in->scope), db_text(k->plain.content),
	                     db_text(k->plain.speaker), db_text(k->plain.words),
	                     db_text(k->plain.summary), db_int(in->importance), db_text(k->plain.tags),
	                     db_text(k->plain.metadata), db_int(in->occurred_ms),
	                     db_text(k->plain.source_id), db_text(in->utterance_id),
	                     db_vector(in->vector.at, in->vector.n),
	                     db_text(in->vector.at ? in->vector.model : NULL), db_bytes(k->hash),
	                     db_int(values.short_hours), db_text(k->sealed), db_bytes(k->hash_plain),
	                     db_bytes(k->hash_former), db_text(k->source_plain),
	                     db_text(k->source_former), db_bytes(k->names_hash),
	                     db_int(recall_exact_max()), db_text(k->id), db_bool(in->is_time_given)));
}

/* ---- what is behind a memory's words ---- */

#define MORE_BYTES_MAX ((size_t)4 << 20)

static struct err *write_piece(struct ctx *cx, struct json_out *j, const char *words,
                               const struct memory_new *in)
{
	struct memory_parts parts = {.content = "null", .speaker = in->speaker, .words = words};
	const char         *id = sealed_row_id(cx), *masked = mask_str(cx, words, in->names);
	struct hash         hash = HASH("memory_piece", span_of(id));
	struct buf          hex = buf_new(cx->arena, 0);
	const char         *sealed = NULL;

	if (masked != words && vault_has_key())
		TRY(memory_seal(cx, id, &parts, &sealed));
	buf_hex(&hex, hash.bytes, CRYPTO_HASH_BYTES);
	json_obj(j, NULL);
	json_str(j, "id", id);
	json_str(j, "words", masked);
	json_str(j, "hash", buf_text(&hex));
	json_str(j, "sealed", sealed);
	json_end(j);
	return NULL;
}

struct err *memory_keep_more(struct ctx *cx, const char *id, const struct memory_new *in)
{
	struct json_out *j;
	struct span      json;

	if (in->more_n == 0)
		return NULL;
	j = json_new(cx->arena, MORE_BYTES_MAX);
	json_arr(j, NULL);
	for (size_t i = 0; i < in->more_n; i++)
		TRY(write_piece(cx, j, in->more[i], in));
	json_end(j);
	TRY(json_finish(cx, j, &json));
	return db_exec(cx, NULL, MEMORY_MORE_SQL, ARGS(db_text(id), db_text(json.ptr)));
}

/* ---- bounds ---- */

static struct err *cap_large(struct ctx *cx, const char *owner)
{
	return db_exec(cx, NULL, cap_large_sql, ARGS(db_text(owner), db_int(values.large_bytes)));
}

/* Printed as the database prints it, it is a little longer. */
static bool may_be_large(const struct memory_new *in)
{
	size_t bytes = in->content_json.len + in->metadata_json.len;

	return bytes + (in->summary ? strlen(in->summary) : 0) > LARGE_BYTES / 2;
}

struct err *memory_enforce_cap(struct ctx *cx, const char *owner, int64_t first, int64_t last)
{
	if (values.owner_max > CAP_SMALL && last / CAP_EVERY == (first - 1) / CAP_EVERY)
		return NULL;
	TRY(cap_large(cx, owner));
	return db_exec(cx, NULL, cap_sql, ARGS(db_text(owner), db_int(values.owner_max)));
}

static struct err *insert_body(struct ctx *cx, void *data)
{
	struct inserting *job = data;
	struct db_rows    rows = {.count = 0};
	int64_t           position;

	/* A row committed by another session after our snapshot began is seen the second time. */
	for (int i = 0; i < INSERT_TRIES && rows.count == 0; i++)
		TRY(insert_row(cx, job->in, job->kept, &rows));
	if (rows.count == 0)
		return err_field(cx, ERR_CONFLICT, "source_id", WHERE, "belongs to another memory");
	memory_read(cx, &rows, 0, job->out);
	*job->is_duplicate = row_bool(&rows, 0, MEMORY_COLUMNS_N + 1);
	if (*job->is_duplicate)
		return NULL;
	position = row_int(&rows, 0, MEMORY_COLUMNS_N);
	TRY(memory_keep_more(cx, job->kept->id, job->in));
	TRY(memory_connect(cx, job->in->session_id, position));
	if (may_be_large(job->in))
		TRY(cap_large(cx, row_text(&rows, 0, MEMORY_COLUMNS_N + 2)));
	return memory_enforce_cap(cx, row_text(&rows, 0, MEMORY_COLUMNS_N + 2), position, position);
}

struct err *memory_insert(struct ctx *cx, const struct memory_new *in, struct memory *out,
                          bool *is_duplicate_out)
{
	struct memory_kept kept;
	struct inserting   job = {in, &kept, out, is_duplicate_out};

	TRY(memory_keep(cx, in, &kept));
	return db_tx(cx, insert_body, &job);
}

/* ---- what is still to be done ---- */

/* A memory's words without the speaker before them. */
static const char *said_in(struct ctx *cx, const char *id, const char *words, const char *speaker,
                           const char *sealed)
{
	struct memory_parts parts = {.words = words, .speaker = speaker};
	size_t              n;

	if (sealed && memory_unseal(cx, id, sealed, &parts) && !parts.words)
		parts.words = words;
	n = parts.speaker ? strlen(parts.speaker) : 0;
	if (n && span_starts(span_of(parts.words), (struct span){parts.speaker, n}) &&
	    span_starts(span_of(parts.words + n), SPAN(": ")))
		return parts.words + n + 2;
	return parts.words;
}

struct err *memory_find_unembedded(struct ctx *cx, const struct memory_pending *in,
                                   const struct memory_unembedded **out, size_t *n_out)
{
	struct memory_unembedded *found;
	struct db_rows            rows;

	TRY(db_query(cx, &rows, MEMORY_UNEMBEDDED_SQL,
	             ARGS(db_text(in->model), db_int((int64_t)in->max), db_int(in->requests_max),
	                  db_int(in->tokens_max))));
	found = NEW_ARRAY(cx->arena, struct memory_unembedded, (size_t)rows.count);
	for (int i = 0; i < rows.count; i++)
		found[i] =
			(struct memory_unembedded){row_text(&rows, i, 0), row_text(&rows, i, 1),
		                               said_in(cx, row_text(&rows, i, 0), row_text(&rows, i, 2),
		                                       row_text(&rows, i, 3), row_text(&rows, i, 4)),
		                               row_text(&rows, i, 5)};
	*out = found;
	*n_out = (size_t)rows.count;
	return NULL;
}

struct vector_job {
	const char                 *id;
	const struct memory_vector *vector;
};

static struct err *set_vector_body(struct ctx *cx, void *data)
{
	struct vector_job *job = data;
	struct db_rows     rows;

	TRY(db_query(cx, &rows,
	             "update memories set embedding = $2::vector, embedding_model = $3,"
	             " embedding_near = null where id = $1::uuid returning session_id, position",
	             ARGS(db_text(job->id), db_vector(job->vector->at, job->vector->n),
	                  db_text(job->vector->model))));
	if (rows.count == 0)
		return NULL; /* forgotten meanwhile */
	return memory_connect(cx, row_text(&rows, 0, 0), row_int(&rows, 0, 1));
}

struct err *memory_set_vector(struct ctx *cx, const char *id, const struct memory_vector *vector)
{
	struct vector_job job = {id, vector};

	return db_tx(cx, set_vector_body, &job);
}

struct err *memory_index_next(struct ctx *cx, const char *session_id, size_t max, int64_t *n_out)
{
	return db_exec(cx, n_out, MEMORY_INDEX_NEXT_SQL,
	               ARGS(db_text(session_id), db_int((int64_t)max)));
}

/* The trigger that takes them does the rest. A row at a time: of several, in no order that turns
 * have, one could wait for a turn that waits for another. */
static struct err *take_words(struct ctx *cx, const char *id)
{
	return db_exec(cx, NULL, "update memories set words = words where id = $1::uuid",
	               ARGS(db_text(id)));
}

struct err *memory_fold_words(struct ctx *cx, size_t max, const char **last_id)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, MEMORY_UNFOLDED_SQL, ARGS(db_text(*last_id), db_int((int64_t)max))));
	*last_id = NULL;
	for (int i = 0; i < rows.count; i++) {
		*last_id = row_text(&rows, i, 0);
		if (row_bool(&rows, i, 1))
			TRY(take_words(cx, *last_id));
	}
	return NULL;
}

struct err *memory_count_use(struct ctx *cx, const char *session_id, const struct memory *used,
                             size_t n)
{
	const char **ids = NEW_ARRAY(cx->arena, const char *, n + 1), *list;

	for (size_t i = 0; i < n; i++)
		ids[i] = used[i].id;
	TRY(json_texts(cx, ids, n, &list));
	return db_exec(cx, NULL, MEMORY_COUNT_USE_SQL, ARGS(db_text(session_id), db_text(list)));
}
