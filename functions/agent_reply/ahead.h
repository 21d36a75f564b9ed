/* ahead.h -- a turn prepared before its visitor has said all of it.
 *
 * {speculative: true} with what was said so far: the session, its history, what is remembered and
 * the connections are made ready, and with REPLY_AHEAD the reply itself, with the sound of its
 * first piece. Nothing of it is stored or told. It waits AHEAD_MS in the memory of this process,
 * for the next turn of the session, and is that turn's reply if its message has the same words. */
#ifndef AHEAD_H
#define AHEAD_H

#include "../../common/web/req.h"
#include "answer.h"
#include "left.h"

#define AHEAD_MS 5000u

extern const struct cfg_group ahead_settings;

/* What the turn begins with. *is_enough_out: it was prepared often enough since the last turn, and
 * nothing is set. Errors as turn_ahead. */
struct err *ahead_begin(struct ctx *cx, const struct in *in, struct turn *out,
                        bool *is_enough_out) CHECKED;

/* Prepares that turn for the message, which is read. *is_prepared_out: false where it is not to be.
 * ERR_SUPERSEDED where the turn has begun meanwhile; else as thinking. */
struct err *ahead_prepare(struct ctx *cx, const struct in *in, struct turn *turn, struct answer *a,
                          bool *is_prepared_out) CHECKED;

/* Answers with {prepared}. */
void ahead_answer(struct req *rq, bool is_prepared);

/* The reply that waits for this turn, and in *a what is known of how it came; NULL: there is none,
 * or it was prepared for other words. Whatever waited for the session does so no more. */
const struct left *ahead_take(struct ctx *cx, const struct in *in, const struct turn *turn,
                              struct answer *a);

#endif
