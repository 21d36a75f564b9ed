/* cached_embedding.c -- the cache in front of the chain. */
#include "cached_embedding.h"

#include "../base/log.h"
#include "../base/str.h"
#include "../store/embedding_cache.h"

/* A look takes a millisecond or two; a database that needs longer is no gain over asking. */
#define CACHE_MS 100u

struct work {
	const struct embed_order  *order;
	bool                       keeps;
	const struct embed_engine *engine; /* whose vectors were looked for */
	struct hash               *hashes;
	const float              **vectors;
};

/* The vectors that are kept; the others are NULL. */
static void find_kept(struct ctx *cx, struct work *w)
{
	struct cached_embeddings kept = {.model = w->engine->model,
	                                 .dims = w->engine->dims,
	                                 .hashes = w->hashes,
	                                 .vectors = w->vectors,
	                                 .n = w->order->n};
	struct deadline          whole = cx->deadline;
	struct err              *e;

	for (size_t i = 0; i < w->order->n; i++)
		w->hashes[i] = embedding_hash(span_of(w->order->texts[i]));
	cx->deadline = deadline_sooner(whole, deadline_in(CACHE_MS));
	e = embedding_cache_find(cx, &kept);
	cx->deadline = whole;
	if (!e)
		return;
	log_err(LOG_WARN, cx, "embedding_unread", e);
	for (size_t i = 0; i < w->order->n; i++)
		w->vectors[i] = NULL;
}

/* Embeds the texts that have no vector; their places in the order go to `places`. */
static struct err *embed_rest(struct ctx *cx, const struct work *w, size_t *places,
                              struct embeddings *made, struct chain_result *served)
{
	const char **texts = NEW_ARRAY(cx->arena, const char *, w->order->n);
	size_t       n = 0;

	for (size_t i = 0; i < w->order->n; i++)
		if (!w->vectors[i]) {
			texts[n] = w->order->texts[i];
			places[n++] = i;
		}
	*made = (struct embeddings){.model = w->engine->model, .dims = w->engine->dims};
	*served = (struct chain_result){.served = &w->engine->p};
	return n ? embed(cx, &(struct embed_order){texts, n}, made, served) : NULL;
}

static void keep(struct ctx *cx, const char *session_id, const struct work *w, const size_t *places,
                 const struct embeddings *made)
{
	struct hash    *hashes = NEW_ARRAY(cx->arena, struct hash, made->n);
	const float   **vectors = NEW_ARRAY(cx->arena, const float *, made->n);
	struct deadline whole = cx->deadline;
	struct err     *e;

	for (size_t i = 0; i < made->n; i++) {
		hashes[i] = w->hashes[places[i]];
		vectors[i] = made->vectors[i];
	}
	cx->deadline = deadline_sooner(whole, deadline_in(CACHE_MS));
	e = embedding_cache_keep(cx, session_id,
	                         &(struct cached_embeddings){.model = made->model,
	                                                     .dims = made->dims,
	                                                     .hashes = hashes,
	                                                     .vectors = vectors,
	                                                     .n = made->n});
	cx->deadline = whole;
	if (e)
		log_err(LOG_WARN, cx, "embedding_not_kept", e);
}

static struct err *look_then_embed(struct ctx *cx, const char *session_id, struct work *w,
                                   struct embeddings *out, struct chain_result *served)
{
	size_t           *places = NEW_ARRAY(cx->arena, size_t, w->order->n);
	struct embeddings made;

	find_kept(cx, w);
	TRY(embed_rest(cx, w, places, &made, served));
	/* Another engine answered than the one whose vectors were kept: all must be of one model. */
	if (made.n && made.n < w->order->n && !str_equal(made.model, w->engine->model))
		return embed(cx, w->order, out, served);
	for (size_t i = 0; i < made.n; i++)
		w->vectors[places[i]] = made.vectors[i];
	if (w->keeps && made.n && !served->served->is_local)
		keep(cx, session_id, w, places, &made);
	*out = made;
	out->vectors = w->vectors;
	out->n = w->order->n;
	return NULL;
}

struct err *embed_cached(struct ctx *cx, const char *session_id, bool keeps,
                         const struct embed_order *order, struct embeddings *out,
                         const char **provider_out)
{
	struct work         w = {.order = order, .keeps = keeps, .engine = embedding_next(cx)};
	struct chain_result served;

	if (!w.engine || w.engine->p.is_local) {
		TRY(embed(cx, order, out, &served));
	} else {
		w.hashes = NEW_ARRAY(cx->arena, struct hash, order->n);
		w.vectors = NEW_ARRAY(cx->arena, const float *, order->n);
		TRY(look_then_embed(cx, session_id, &w, out, &served));
	}
	*provider_out = served.served->name;
	return NULL;
}
