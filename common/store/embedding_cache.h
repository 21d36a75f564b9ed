/* embedding_cache.h -- the embedding_cache table: vectors already paid for, by what they say. */
#ifndef STORE_EMBEDDING_CACHE_H
#define STORE_EMBEDDING_CACHE_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* Vectors of one model for some texts; vectors[i] NULL: not there. */
struct cached_embeddings {
	const char        *model;
	size_t             dims;
	const struct hash *hashes; /* of each text, by embedding_hash() */
	const float      **vectors;
	size_t             n;
};

/* The key of a text. The text itself is not kept, nor can it be guessed without the data key. */
struct hash embedding_hash(struct span text);

/* Fills in the vectors that are kept; the others become NULL. */
struct err *embedding_cache_find(struct ctx *cx, struct cached_embeddings *in_out) CHECKED;

/* Keeps the vectors that are not NULL. They go when the session goes whose words
 * they are of; session_id NULL: nobody's words. One that is gone already keeps nothing. */
struct err *embedding_cache_keep(struct ctx *cx, const char *session_id,
                                 const struct cached_embeddings *in) CHECKED;

/* Adds a vector as pgvector reads it. */
struct buf;
void embedding_text(struct buf *b, const float *vector, size_t dims);

#endif
