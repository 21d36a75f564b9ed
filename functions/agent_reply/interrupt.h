/* interrupt.h -- a visitor who speaks into a reply: it stops, and history is what was heard. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "../../common/db/db.h"
#include "../../common/web/req.h"
#include "../../common/work/progress.h"
#include "answer.h"

/* From now on this process hears of turns that others stop. Before it serves. */
void interrupt_listen(void);

/* Answers {cancel, turn_id, heard_ms?} with {cancelled}: the turn stops, here or elsewhere, and its
 * reply is cut to what was heard, of a turn that is over too. Errors as turn_cancel. */
struct err *interrupt_turn(struct req *rq, const struct in *in) CHECKED;

/* The turn came to `e`: stores what had been sent of it, and leaves what is left where its client
 * may want it to go on; or gives it up. What fails is logged. The error to answer with. */
struct err *interrupt_end(struct ctx *cx, const struct turn *turn, const struct answer *a,
                          struct err *e) CHECKED;

/* For storing how a turn ended, when the request's own time is over. */
#define CLEANUP_MS 2000u
/* And what was said in it, though the database be away for a moment. */
#define KEEP_MS (CLEANUP_MS + DB_INSIST_MS)

#endif
