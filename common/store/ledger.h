/* ledger.h -- the ledger table: what was asked of outside services, by day (UTC) and payer. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "../base/ctx.h"
#include "../db/db.h"

/* Payers, and what is to be added for each: texts with a comma between two, as many in each; no
 * payer twice. */
struct ledger_lines {
	const char *payers, *requests, *tokens, *characters, *audio_ms;
};

/* Adds them to this day, and tells what that day has of each payer: its name, the day since 1970,
 * then the four counts. A crash of the database may lose it for up to a second. */
struct err *ledger_tell(struct ctx *cx, const struct ledger_lines *in,
                        struct db_rows *rows_out) CHECKED;

#endif
