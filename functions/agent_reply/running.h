/* running.h -- the turns this process is answering, so that a newer one stops an older one at once.
 *
 * Other processes learn of it when they store their reply (store/turns.h).
 * Thread-safe. */
#ifndef RUNNING_H
#define RUNNING_H

#include "../../common/base/ctx.h"

/* Notes the turn until that unit of work ends; meanwhile a newer turn of the session fires its
 * cancel with CANCEL_SUPERSEDED, at once if it is here already. */
void running_start(struct ctx *cx, const char *session_id, int64_t turn);

#endif
