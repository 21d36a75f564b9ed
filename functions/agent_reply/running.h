/* running.h -- the turns this process is answering, so that a newer one stops an older one at once,
 * and who sent the same message again hears at once that it has ended.
 *
 * Other processes learn of it when they store their reply (store/turns.h).
 * Thread-safe. */
#ifndef RUNNING_H
#define RUNNING_H

#include "../../common/base/ctx.h"
#include "../../common/base/wait.h"

struct running;

/* Notes the turn, which began after `asked_ms` of clock_mono_ms(), until running_end; meanwhile a
 * newer turn of the session fires its cancel with CANCEL_SUPERSEDED, at once if it is here
 * already. */
struct running *running_start(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms) NEVER_NULL;

/* The same for who prepares that turn: nobody waits for it, it stops no turn, and the turn itself
 * and what is prepared after it stop it. */
struct running *running_ahead(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms) NEVER_NULL;
void            running_end(struct running *running);

/* A turn of the session that was asked for after that is here: what is heard only now is older. */
bool running_has_newer(const char *session_id, uint64_t asked_ms);

/* Fires the turn's cancel with CANCEL_SUPERSEDED, if it is here: nobody wants it any more. */
void running_cancel(const char *session_id, int64_t turn);

/* Waits until the turn has ended here, at most until the deadline of cx; where it is not here, for
 * `ms`, or until it comes and ends. */
enum waited running_wait(struct ctx *cx, const char *session_id, int64_t turn, unsigned ms);

#endif
