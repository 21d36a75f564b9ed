/* embed_cached.c -- the cache in front of the chain. */
#include "embed_cached.h"

#include "base/log.h"
#include "base/str.h"
#include "store/embedding_cache.h"

struct work {
	const struct embed_order *order;
	struct hash              *hashes;
	const float             **vectors;
	const char               *model; /* of the vectors so far; NULL: there are none */
	size_t                    dims;
};

static struct err *find_kept(struct ctx *cx, struct work *w)
{
	const struct embed_engine *engine = embedding_next();
	struct cached_embeddings kept = {.hashes = w->hashes, .vectors = w->vectors, .n = w->order->n};

	if (!engine)
		return NULL; /* nobody can be asked: embed() says so */
	kept.model = w->model = engine->model;
	kept.dims = w->dims = engine->dims;
	return embedding_cache_find(cx, &kept);
}

/* Embeds the texts that have a vector, or those that have none. */
static struct err *embed_part(struct ctx *cx, const struct work *w, bool that_have, size_t *places,
                              struct embeddings *out)
{
	const char        **texts = NEW_ARRAY(cx->arena, const char *, w->order->n);
	struct chain_result served;
	size_t              n = 0;

	for (size_t i = 0; i < w->order->n; i++)
		if ((w->vectors[i] != NULL) == that_have) {
			texts[n] = w->order->texts[i];
			places[n++] = i;
		}
	*out = (struct embeddings){.model = w->model, .dims = w->dims};
	return n ? embed(cx, &(struct embed_order){texts, n}, out, &served) : NULL;
}

static void put(struct work *w, const size_t *places, const struct embeddings *made)
{
	for (size_t i = 0; i < made->n; i++)
		w->vectors[places[i]] = made->vectors[i];
}

static void keep(struct ctx *cx, const char *session_id, const struct work *w, const size_t *places,
                 const struct embeddings *made)
{
	struct hash             *hashes = NEW_ARRAY(cx->arena, struct hash, made->n + 1);
	const float            **vectors = NEW_ARRAY(cx->arena, const float *, made->n + 1);
	struct cached_embeddings in = {.model = made->model, .dims = made->dims, .n = made->n};
	struct err              *e;

	for (size_t i = 0; i < made->n; i++) {
		hashes[i] = w->hashes[places[i]];
		vectors[i] = made->vectors[i];
	}
	in.hashes = hashes;
	in.vectors = vectors;
	e = embedding_cache_keep(cx, session_id, &in);
	if (e)
		log_err(LOG_WARN, cx, "embedding_not_kept", e);
}

/* Another engine answered than the one whose vectors were kept: all must be of its model. */
static struct err *follow(struct ctx *cx, const char *session_id, struct work *w, const char *model)
{
	size_t           *places = NEW_ARRAY(cx->arena, size_t, w->order->n);
	struct embeddings made;

	TRY(embed_part(cx, w, true, places, &made));
	if (made.n && !str_equal(made.model, model))
		FAIL(cx, ERR_UNAVAILABLE, "the embedders changed in the middle");
	put(w, places, &made);
	keep(cx, session_id, w, places, &made);
	return NULL;
}

struct err *embed_cached(struct ctx *cx, const char *session_id, const struct embed_order *order,
                         struct embeddings *out)
{
	struct work       w = {.order = order,
	                       .hashes = NEW_ARRAY(cx->arena, struct hash, order->n),
	                       .vectors = NEW_ARRAY(cx->arena, const float *, order->n)};
	size_t           *places = NEW_ARRAY(cx->arena, size_t, order->n);
	struct embeddings made;

	for (size_t i = 0; i < order->n; i++)
		w.hashes[i] = embedding_hash(span_of(order->texts[i]));
	TRY(find_kept(cx, &w));
	TRY(embed_part(cx, &w, false, places, &made));
	if (made.n) {
		if (w.model && !str_equal(w.model, made.model))
			TRY(follow(cx, session_id, &w, made.model));
		put(&w, places, &made);
		keep(cx, session_id, &w, places, &made);
	}
	*out = (struct embeddings){.vectors = w.vectors,
	                           .n = order->n,
	                           .dims = made.dims,
	                           .model = made.model};
	return NULL;
}
