/* embedding_cache.c -- the embedding_cache table.
 *
 * Many rows go in one statement as two lists: hashes in hex between commas,
 * vectors as pgvector writes them between semicolons. */
#include "embedding_cache.h"

#include "../base/str.h"
#include "../base/vault.h"
#include "../db/db.h"

#include <endian.h>
#include <math.h>

#define LIST_MAX    ((size_t)8 << 20)
#define HEADER_SIZE 4 /* of a vector in pgvector's binary form: dimensions, zero */

struct hash embedding_hash(struct span text)
{
	struct hash hash;

	return vault_hash("embedding", text, &hash) ? hash : HASH("embedding", text);
}

static void add_hash(struct buf *b, const struct hash *hash)
{
	if (b->len)
		buf_char(b, ',');
	buf_hex(b, hash->bytes, CRYPTO_HASH_BYTES);
}

/* Nine digits behind the point are what a float of a unit vector holds; printf takes far
 * longer to find out which of them to show. */
static void add_number(struct buf *b, float x)
{
	char     text[12] = "-0.000000000";
	uint32_t digits = (uint32_t)lround(fabs((double)x) * 1e9);

	if (!(fabsf(x) < 1)) {
		buf_printf(b, "%.9g", (double)x);
		return;
	}
	for (size_t i = sizeof(text) - 1; i > 2; i--, digits /= 10)
		text[i] = (char)('0' + digits % 10);
	text[1] = (char)('0' + digits);
	buf_add(b, text + (x >= 0), sizeof(text) - (x >= 0));
}

void embedding_text(struct buf *b, const float *vector, size_t dims)
{
	buf_char(b, '[');
	for (size_t i = 0; i < dims; i++) {
		if (i)
			buf_char(b, ',');
		add_number(b, vector[i]);
	}
	buf_char(b, ']');
}

static void add_vector(struct buf *b, const float *vector, size_t dims)
{
	if (b->len)
		buf_char(b, ';');
	embedding_text(b, vector, dims);
}

/* A vector as pgvector sends it: big-endian, after its header. */
static struct err *read_vector(struct ctx *cx, struct span bytes, size_t dims, const float **out)
{
	float *vector = arena_alloc_raw(cx->arena, dims * sizeof(*vector));

	if (bytes.len != HEADER_SIZE + dims * 4)
		FAIL(cx, ERR_INTERNAL, "a kept vector of %zu bytes", bytes.len);
	for (size_t i = 0; i < dims; i++) {
		uint32_t bits;

		memcpy(&bits, bytes.ptr + HEADER_SIZE + i * 4, 4);
		bits = be32toh(bits);
		memcpy(&vector[i], &bits, 4);
	}
	*out = vector;
	return NULL;
}

/* Marking every use would write a row per read; once in an hour tells as much. */
struct err *embedding_cache_find(struct ctx *cx, struct cached_embeddings *in_out)
{
	struct buf     hashes = buf_new(cx->arena, LIST_MAX);
	struct db_rows rows;

	for (size_t i = 0; i < in_out->n; i++) {
		add_hash(&hashes, &in_out->hashes[i]);
		in_out->vectors[i] = NULL;
	}
	TRY(db_query(cx, &rows,
	             "with asked as (select place, decode(hex, 'hex') as hash"
	             "  from unnest(string_to_array($2, ',')) with ordinality as t(hex, place)),"
	             " used as (update embedding_cache c set last_used_at = now() from asked a"
	             "  where c.model = $1 and c.content_hash = a.hash"
	             "  and c.last_used_at < now() - interval '1 hour')"
	             " select a.place - 1, vector_send(c.embedding)"
	             " from asked a join embedding_cache c on c.model = $1 and c.content_hash = a.hash",
	             ARGS(db_text(in_out->model), db_text(buf_text(&hashes)))));
	for (int row = 0; row < rows.count; row++)
		TRY(read_vector(cx, row_bytes(cx, &rows, row, 1), in_out->dims,
		                &in_out->vectors[row_int(&rows, row, 0)]));
	return NULL;
}

struct err *embedding_cache_keep(struct ctx *cx, const char *session_id,
                                 const struct cached_embeddings *in)
{
	struct buf hashes = buf_new(cx->arena, LIST_MAX), vectors = buf_new(cx->arena, LIST_MAX);

	for (size_t i = 0; i < in->n; i++)
		if (in->vectors[i]) {
			add_hash(&hashes, &in->hashes[i]);
			add_vector(&vectors, in->vectors[i], in->dims);
		}
	if (!hashes.len)
		return NULL;
	if (vectors.is_full)
		FAIL(cx, ERR_INTERNAL, "too many vectors to keep: %zu", in->n);
	return db_exec(cx, NULL,
	               "insert into embedding_cache (model, content_hash, embedding, session_id)"
	               " select $1, decode(hex, 'hex'), vector::vector, $4::uuid"
	               " from unnest(string_to_array($2, ','), string_to_array($3, ';'))"
	               "  as t(hex, vector)"
	               " where $4::uuid is null or exists (select 1 from sessions where id = $4::uuid)"
	               " on conflict do nothing",
	               ARGS(db_text(in->model), db_text(buf_text(&hashes)), db_text(buf_text(&vectors)),
	                    db_text(session_id)));
}
