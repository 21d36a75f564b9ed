/* act_vectors.c -- the tool with which scripts/stack makes the vectors of the examples of acts
 * (engines/acts.h), once for each model; nothing where the model is not there. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/engines.h"

#define ARENA_BYTES ((size_t)1 << 20)

int main(void)
{
	const struct cfg_group *const groups[] = {minilm_embed.p.settings};
	struct ctx                    cx = {.id = "act_vectors"};
	struct err                   *e;

	crypto_start();
	json_start();
	log_setup("act_vectors", LOG_WARN);
	if (cfg_load(groups, COUNT(groups)))
		return 1;
	if (!minilm_embed.p.is_configured() || !minilm_embed.p.start())
		return 0;
	cx.arena = arena_new(ARENA_BYTES);
	e = acts_make(&cx);
	if (e)
		log_err(LOG_WARN, &cx, "acts_not_made", e);
	arena_free(&cx.arena);
	minilm_embed.p.stop();
	return e != NULL;
}
