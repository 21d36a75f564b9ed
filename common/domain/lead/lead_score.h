/* lead_score.h -- how promising a visitor is, by the contract's table of rules.
 *
 * Pure: no allocation, no settings, time linear in the length of the fields. */
#ifndef LEAD_SCORE_H
#define LEAD_SCORE_H

#include "extract.h"

enum { LEAD_REASONS_MAX = 9, LEAD_HIGH = 70, LEAD_MEDIUM = 40 };

struct lead_score {
	int         score;                     /* 0..100 */
	const char *reasons[LEAD_REASONS_MAX]; /* names of the table, in its order; static */
	size_t      n_reasons;
};

/* Each rule that matches is added once, then the sum is clamped. */
void lead_score(const struct extract *x, struct lead_score *out);

/* "high", "medium" or "low". */
const char *lead_priority(int score) NEVER_NULL;

#endif
