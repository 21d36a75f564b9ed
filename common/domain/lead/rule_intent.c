/* rule_intent.c -- which of the nine intents the visitor's words speak for. */
#include "rules.h"

static bool is_denied(const struct utterance *u, size_t i)
{
	static const char *const nots[] = {"not", "don't", "isn't", "aren't", "no", "never", "without"};

	return i > 0 && (TOKENS_IS_ANY(u, i - 1, nots) || (i > 1 && TOKENS_IS_ANY(u, i - 2, nots)));
}

enum { WEIGHTS = 3, CUES_MAX = 64 };

/* Each cue counts once in an utterance: saying it five times adds no wish. Lists of lead.words
 * stand in the order of the intents, for each the one of weight 3 first. */
static double weight_of(const struct rules *r, const struct phrases *cues, double weight)
{
	const struct utterance *u = r->u;
	size_t                  heard[CUES_MAX], n_heard = 0, n;

	for (size_t i = 0; i < u->n && n_heard < CUES_MAX; i++) {
		bool is_new = (n = phrases_at(cues, u, i)) > 0 && !is_denied(u, i);

		for (size_t k = 0; k < n_heard && is_new; k++)
			is_new = !str_equal(u->words[heard[k]].low, u->words[i].low);
		if (is_new)
			heard[n_heard++] = i;
	}
	return weight * (double)n_heard;
}

void rules_weigh_intents(struct rules *r)
{
	for (size_t i = 0; i < INTENT_COUNT; i++)
		for (size_t w = 0; w < WEIGHTS; w++)
			r->weights[i] +=
				weight_of(r, LIST(CONSULTING_INQUIRY_3) + i * WEIGHTS + w, (double)(WEIGHTS - w));
}
