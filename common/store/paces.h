/* paces.h -- the send_paces table: how fast all workers together may call an outside service. */
#ifndef STORE_PACES_H
#define STORE_PACES_H

#include "../base/ctx.h"

/* Takes the channel's next place in time, `interval_ms` behind the one before. Granted: wait
 * *wait_ms_out, then send. Not granted (it would be later than most_ms from now): nothing was
 * taken, come back after *wait_ms_out. */
struct err *pace_take(struct ctx *cx, const char *channel, unsigned interval_ms, unsigned most_ms,
                      bool *granted_out, unsigned *wait_ms_out) CHECKED;

/* The other side asked for so much silence: nobody gets a place before. */
struct err *pace_hold(struct ctx *cx, const char *channel, unsigned ms) CHECKED;

#endif
