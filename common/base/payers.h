/* payers.h -- who pays for what is asked of outside services: names in the ledger.
 *
 * A name tells what it is of and a hash of whose: "address:<hash>", "token:<hash>",
 * "visitor:<hash>". They go with a unit of work (ctx.h), and with a session in its row, for what is
 * done for it later. */
#ifndef PAYERS_H
#define PAYERS_H

#include "crypto.h"
#include "ctx.h"

#define PAYER_CHARS 63 /* no comma is in it */
struct payer {
	char name[PAYER_CHARS + 1];
};

#define PAYERS_MAX 5
struct payers {
	struct payer of[PAYERS_MAX];
	size_t       n;
};

/* One more, unless it is there already or there is no room for it. */
void payers_add(struct payers *to, const char *kind, struct hash whose);

/* With commas between, in the arena; NULL for none. */
const char *payers_text(struct arena *a, const struct payers *payers);

/* The unit of work is for those of such a text, too (NULL: nobody). What it has begun already is
 * for those of before. */
void payers_join(struct ctx *cx, const char *text);

#endif
