/* bookkeeping.h -- carries what this process counts (engines/meter.h) to the ledger, and back what
 * all have counted.
 *
 * One thread writes at most once a second, one statement for all of it, and nothing while nothing
 * is asked of outside services. It begins with the first request to one. What can not be written is
 * kept and tried again. */
#ifndef BOOKKEEPING_H
#define BOOKKEEPING_H

#include "../base/ctx.h"

/* Once, before requests are served and after db_start(). */
void bookkeeping_start(void);

/* Writes what is left; before db_stop(). */
void bookkeeping_stop(void);

/* At once, in the caller's time, instead of within a second: for a process that serves one request
 * and knows nothing yet. What fails is logged. */
void bookkeeping_now(struct ctx *cx);

#endif
