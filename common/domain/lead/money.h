/* money.h -- amounts of money in any usual writing, in digits or in words.
 *
 * "50k", "$50,000", "USD 75k", "€75.000", "€1.5 million", "50 000 €", "1,5 Mio",
 * "50K-100K", "$50 to $80k", "fifty to eighty thousand", "half a million",
 * "100 grand", "six figures". Currencies are not converted. Linear, no allocation. */
#ifndef MONEY_H
#define MONEY_H

#include "../text/tokens.h"

struct money {
	uint64_t low,
		high;         /* whole units, fractions cut; equal for a single amount; at most MONEY_MAX */
	struct span text; /* as written, with its currency */
	bool        is_marked; /* a currency or "grand" stands with it */
	bool        is_scaled; /* a magnitude stands with it: k, thousand, million */
};

#define MONEY_MAX ((uint64_t)1000000000000000)

/* Takes the next amount off the front: any number counts, so this is for a
 * field that holds a budget. False at the end. Start with *rest = text. */
bool money_next(struct span *rest, struct money *out);

/* The same for free speech: only what is surely money the speaker may spend. An amount needs a
 * currency or talk of a budget, be the whole answer, or answer a question for it (`is_asked`);
 * not "50,000 users", years, revenue, funding, somebody else's. "10k a month" is taken whole.
 * Start with *rest = u->text. */
bool money_next_spoken(const struct utterance *u, bool is_asked, struct span *rest,
                       struct money *out);

/* The largest amount in a budget field; 0 when there is none. */
uint64_t money_largest(struct span field);

#endif
