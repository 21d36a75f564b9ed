/* embedding.h -- meaning as vectors: OpenAI, then all-MiniLM-L6-v2 on this machine.
 *
 * Vectors of different models do not compare, so every vector goes with its
 * model's name and a search uses the model its query was embedded with. */
#ifndef EMBEDDING_H
#define EMBEDDING_H

#include "provider.h"

#define EMBED_TEXTS_MAX 128  /* in one order */
#define EMBED_DIMS_MAX  1536 /* of any model */

struct embed_order {
	const char *const *texts; /* each cut by the engine to what its model reads */
	size_t             n;
};

/* Unit vectors in the order of the texts, in the arena. */
struct embeddings {
	const float *const *vectors;
	size_t              n, dims;
	const char         *model; /* as in memories.embedding_model; static */
};

struct embed_engine {
	struct provider p;
	const char     *model;
	size_t          dims;
	struct err *(*embed)(struct ctx *cx, const struct embed_order *order, struct embeddings *out);
};

extern struct chain embedding;

/* Vectors of all the texts, by the first engine that can; errors as chain_run. */
struct err *embed(struct ctx *cx, const struct embed_order *order, struct embeddings *out,
                  struct chain_result *served_out) CHECKED;

/* The engine that would be asked first now, by settings, breakers and budgets; NULL: none. */
const struct embed_engine *embedding_next(const struct ctx *cx);

#endif
