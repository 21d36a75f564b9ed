/* meaning.h -- the local embedder and what was learnt of acts, for the tests that need both. */
#ifndef MEANING_H
#define MEANING_H

#include "../../common/engines/acts.h"
#include "../../common/engines/engines.h"

/* Behind crypto_start() and json_start(). 0, as a group's start wants it. */
static inline int meaning_start(void)
{
	struct ctx cx = {.arena = arena_new(1 << 20)};

	assert_true(minilm_embed.p.start());
	embedding.order[0] = &minilm_embed.p;
	embedding.order_n = 1;
	assert_ok(acts_make(&cx));
	arena_free(&cx.arena);
	return acts_start();
}

static inline int meaning_stop(void **state)
{
	(void)state;
	acts_stop();
	minilm_embed.p.stop();
	return 0;
}

#endif
