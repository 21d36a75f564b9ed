/* whisper_weights.h -- what the local recogniser knows: 40 MB, loaded once and shared.
 *
 * A program that hears all day loads them when it starts. One that may never be asked to does it
 * when it is, in a tenth of a second; but their file is opened at the start, for who serves may not
 * be allowed to. */
#ifndef WHISPER_WEIGHTS_H
#define WHISPER_WEIGHTS_H

#include "../base/ctx.h"

struct whisper_context;

/* Opens the file and, unless that may wait, loads it. False, and logged: it can not be had. */
bool whisper_weights_start(const char *path, bool may_wait);
void whisper_weights_stop(void);

/* Was the file found to be damaged when it was read? Thread-safe. */
bool whisper_weights_are_broken(void);

/* The loaded model. Whoever comes first loads it for all, the others wait for that. A file that can
 * not be loaded is not tried again. ERR_UNAVAILABLE, ERR_DEADLINE, ERR_CANCELLED. Thread-safe. */
struct err *whisper_weights(struct ctx *cx, struct whisper_context **out) CHECKED;

#endif
