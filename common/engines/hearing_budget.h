/* hearing_budget.h -- how many seconds of recordings one address may have heard in a minute.
 *
 * Kept by the process, as its recogniser is. What was used is forgiven evenly, the whole of it in a
 * minute. Whoever nobody knows the address of has no budget. Thread-safe. */
#ifndef HEARING_BUDGET_H
#define HEARING_BUDGET_H

#include "../base/cfg.h"
#include "../base/ctx.h"

extern const struct cfg_group hearing_budget_settings;

/* Is anything left? To be asked before a recording is looked at. ERR_RATE. */
struct err *hearing_budget_check(struct ctx *cx) CHECKED;

/* Takes what the recording lasts. ERR_RATE where less is left, with when it will be; a recording
 * longer than the whole is let by when nothing was used. That it was looked at costs a part. */
struct err *hearing_budget_take(struct ctx *cx, unsigned audio_ms) CHECKED;

#endif
