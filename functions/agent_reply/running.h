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
struct turn;

/* Notes the turn, with the claim of who has it, which began after `asked_ms` of clock_mono_ms(),
 * until running_end; meanwhile a
 * newer turn of the session fires its cancel with CANCEL_SUPERSEDED, at once if it is here
 * already. */
struct running *running_start(struct ctx *cx, const struct turn *turn,
                              uint64_t asked_ms) NEVER_NULL;

/* The same for who prepares that turn: nobody waits for it, it stops no turn, and the turn itself
 * and what is prepared after it stop it. */
struct running *running_ahead(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms) NEVER_NULL;
void            running_end(struct running *running);

/* Fires the cancel of the turn with that claim with CANCEL_SUPERSEDED, if it is here, or once it
 * comes (the last RUNNING_STOPPED_MAX are known): nobody wants it any more. */
#define RUNNING_STOPPED_MAX 256u
void running_cancel(const char *claim);

/* Waits until the turn has ended here, at most until the deadline of cx; where it is not here, for
 * `ms`, or until it comes and ends. */
enum waited running_wait(struct ctx *cx, const char *session_id, int64_t turn, unsigned ms);

/* ---- messages ---- */

struct running_message;

/* Notes a message whose turn is to have that id, until running_message_end: before the turn begins,
 * while it is heard, nothing else tells of it. The same of one with which a turn `goes_on` that was
 * stopped. It came here at `since_ms` of clock_mono_ms(): one that was cancelled since then, while
 * nobody had read it yet, has its cancel fired at once. */
struct running_message *running_message(struct ctx *cx, const char *session_id, const char *turn_id,
                                        bool goes_on, uint64_t since_ms) NEVER_NULL;
void                    running_message_end(struct running_message *message);

/* Whether such a message is here. */
bool running_has_message(const char *session_id, const char *turn_id);

/* Fires the cancel of such messages with CANCEL_SUPERSEDED, also of those that are under way (of
 * these the last RUNNING_REFUSED_MAX are known, RUNNING_REFUSED_OF_SESSION of one session): of all
 * that came here before that was asked for, clock_mono_ms(); with `goes_on` only of those with
 * which a turn goes on. Whether there was one. */
#define RUNNING_REFUSED_MAX        256u
#define RUNNING_REFUSED_OF_SESSION 8u
bool running_cancel_message(const char *session_id, const char *turn_id, bool goes_on,
                            uint64_t asked_ms);

#endif
