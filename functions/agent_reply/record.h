/* record.h -- how a turn begins and ends in the database. */
#ifndef RECORD_H
#define RECORD_H

#include "../../common/web/req.h"
#include "answer.h"

/* Begins it, or tells what stands against it (turns.h); asked for at `asked_ms` of clock_mono_ms(),
 * it may be answered for `deadline_ms`. */
struct err *record_begin(struct req *rq, const struct in *in, uint64_t asked_ms,
                         unsigned deadline_ms, struct turn *out) CHECKED;

/* Which feature flags are on for it. */
void record_flags(struct req *rq, const struct turn *turn, struct answer *a);

/* Somebody turned out to be in distress. Before anything is answered: whoever stops the turn, the
 * words are not remembered, and the next turn knows of them. What fails is logged. */
void record_distress(struct ctx *cx, const struct in *in, const struct turn *turn,
                     const struct answer *a);

/* Ends it with what was said and found out, and `json` as its answer without sound. ERR_CANCELLED:
 * nobody is there to receive it. */
struct err *record_end(struct ctx *cx, const struct in *in, const struct turn *turn,
                       struct answer *a, struct span json) CHECKED;

/* The same of one that was broken off, once that is stored: what the visitor said stands, and so
 * does what it tells of them. What fails is logged. */
void record_broken(struct ctx *cx, const struct in *in, const struct turn *turn, struct answer *a);

#endif
