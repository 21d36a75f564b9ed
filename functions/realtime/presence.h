/* presence.h -- who is there, told by each of themselves: people only, and never to visitors. */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "channels.h"

/* What the member tells of itself from now on, a JSON object; everybody in the topic hears of it.
 * ERR_INPUT when it is none, or too large. */
struct err *presence_track(struct ctx *cx, struct channel *c, const struct cJSON *told) CHECKED;

/* It tells nothing any more. */
void presence_untrack(struct ctx *cx, struct channel *c);

/* Who is there, as JSON, for who has just come. */
struct err *presence_state(struct ctx *cx, const struct topic *t, struct span *out) CHECKED;

#endif
