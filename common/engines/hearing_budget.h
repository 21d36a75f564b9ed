/* hearing_budget.h -- how many seconds of recordings one address may have heard in a minute.
 *
 * Kept by the process, as its recogniser is. There is one, but for the moments of a reload and for
 * plain CGI, where each request has its own; what services hear is counted for all of them
 * (meter.h). What was used is forgiven evenly, the whole of it in a minute. Whoever nobody knows
 * the address of has no budget. Thread-safe. */
#ifndef HEARING_BUDGET_H
#define HEARING_BUDGET_H

#include "../base/cfg.h"
#include "../base/ctx.h"

extern const struct cfg_group hearing_budget_settings;

/* Is anything left? To be asked before a recording is looked at. ERR_RATE. */
struct err *hearing_budget_check(struct ctx *cx) CHECKED;

/* Takes what the recording lasts, or what decoding it cost (cx->cost.decode_ms), if that is more.
 * ERR_RATE where less is left, with when it will be; a recording longer than the whole is let by
 * when nothing was used. That it was looked at costs a part. */
struct err *hearing_budget_take(struct ctx *cx, unsigned audio_ms) CHECKED;

/* Nothing came of a recording: takes what decoding it cost, a second at least, if it came so far.
 * Never fails: it concerns the next. */
void hearing_budget_lose(struct ctx *cx);

#endif
