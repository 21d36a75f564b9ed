/* tally.h -- how much each of many has used lately, in a table that does not grow.
 *
 * When there are more than it holds, who has used least is forgotten. Not thread-safe. */
#ifndef TALLY_H
#define TALLY_H

#include "base.h"

#define TALLY_SETS 128u
#define TALLY_WAYS 8u

struct tally {
	uint64_t key; /* 0: nobody's */
	uint64_t at_ms;
	double   used; /* then */
};

struct tallies {
	double (*wane)(double used, uint64_t ms); /* what is left of it after so long */
	struct tally of[TALLY_SETS][TALLY_WAYS];
};

/* What `key` has used, as it counts now. 0 for key 0, who is nobody. */
double tally_used(const struct tallies *t, uint64_t key, uint64_t now_ms);

/* It uses so much more; not below 0. */
void tally_add(struct tallies *t, uint64_t key, double amount, uint64_t now_ms);

#endif
