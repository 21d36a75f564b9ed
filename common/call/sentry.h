/* sentry.h -- errors to a project of Sentry, or to what takes the same: an envelope for each
 * (develop.sentry.dev, "Envelopes"; an event with a stack of one frame).
 *
 * An event is made of fixed words and numbers alone. SENTRY_DSN names the project; its key is in a
 * header, never in an address or a log. */
#ifndef SENTRY_H
#define SENTRY_H

#include "../base/error_count.h"
#include "http_client.h"

extern const struct cfg_group sentry_settings;

/* Takes SENTRY_DSN apart. Returns the number of problems, each on stderr, without what it says. */
int sentry_check(void) CHECKED;

/* Is there a project? */
bool sentry_is_wanted(void);

/* One event: it stands for all that are counted, grouped by program, event, code and file. */
struct err *sentry_envelope(struct ctx *cx, const struct error_counted *e,
                            struct span *out) CHECKED;

/* Posts it, within some seconds; errors as http_do(). */
struct err *sentry_post(struct ctx *cx, struct span envelope, struct http_reply *out) CHECKED;

#endif
