/* running.h -- the turns this process is answering, so that a newer one stops an older one at once.
 *
 * Other processes learn of it when they store their reply (store/turns.h).
 * Thread-safe. */
#ifndef RUNNING_H
#define RUNNING_H

#include "../../common/base/ctx.h"

struct running; /* lives in the arena of the unit of work */

/* Notes the turn until that unit of work ends; older turns of the session count as superseded. */
struct running *running_start(struct ctx *cx, const char *session_id, int64_t turn) NEVER_NULL;

/* Has a newer turn of the session begun? */
bool running_is_superseded(const struct running *r);

#endif
