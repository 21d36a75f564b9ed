/* embedding.c -- the embedders we know, in default order. */
#include "embedding.h"

#include "engines.h"

#include <assert.h>

static struct settings {
	const char *providers;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(settings, providers, "EMBED_PROVIDERS",
                 .help = "embedders in order: openai, local; "
                         "default: openai if it has a key, then local"),
};
static const struct cfg_group order_settings = {"Embedding", &settings, keys, COUNT(keys)};

static struct provider *const known[] = {&openai_embed.p, &minilm_embed.p};

struct chain embedding = {
	.capability = "embed",
	.known = known,
	.known_n = COUNT(known),
	.settings = &order_settings,
	.wanted = &settings.providers,
};

struct job {
	const struct embed_order *order;
	struct embeddings        *out;
};

static const struct embed_engine *engine_of(const struct provider *p)
{
	return (const struct embed_engine *)(const void *)p;
}

static struct err *attempt(struct provider *p, struct ctx *cx, void *data)
{
	const struct job          *job = data;
	const struct embed_engine *engine = engine_of(p);

	*job->out = (struct embeddings){.model = engine->model, .dims = engine->dims};
	return engine->embed(cx, job->order, job->out);
}

struct err *embed(struct ctx *cx, const struct embed_order *order, struct embeddings *out,
                  struct chain_result *served_out)
{
	uint64_t    start_ms = clock_mono_ms();
	struct job  job = {order, out};
	struct err *e;

	assert(order->n > 0 && order->n <= EMBED_TEXTS_MAX);
	e = chain_run(cx, &embedding, attempt, &job, served_out);
	cx->cost.embed_ms += (unsigned)(clock_mono_ms() - start_ms);
	return e;
}

const struct embed_engine *embedding_next(const struct ctx *cx)
{
	for (size_t i = 0; i < embedding.order_n; i++)
		if (provider_may_be_asked(cx, embedding.order[i], 0))
			return engine_of(embedding.order[i]);
	return NULL;
}
