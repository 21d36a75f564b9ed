/* when.h -- the times a text speaks of: "7 May 2023", "last May", "two weeks ago", "on Friday".
 *
 * Relative words are resolved against the time they were said. What is found is
 * a span of whole days in UTC. A name that is also a common word ("may",
 * "march", "sun") counts only where a date would stand. Linear in the text. */
#ifndef WHEN_H
#define WHEN_H

#include "../../base/str.h"

#define WHEN_MAX 8 /* in one text; later ones are left out */

struct when_span {
	int64_t from_ms, until_ms; /* unix time; `until` is the first moment after */
};

/* Finds at most WHEN_MAX spans, in the order of the text; returns how many. */
size_t when_find(struct span text, int64_t now_ms, struct when_span out[WHEN_MAX]);

/* Does it ask how things are at present ("where do we stand now", "my current plan")? */
bool when_is_now(struct span question);

/* Adds the span as words to search by: "7 May 2023 Sunday", "May 2023", "2023"; the first day of
 * a week. */
void when_say(struct buf *out, struct when_span span);

/* An ISO 8601 time ("2023-05-08T13:56:00Z", with offset, or a date alone) as unix time.
 * Without an offset it is UTC. False when it is none or not between 1900 and 2200. */
bool when_parse_iso(const char *text, int64_t *unix_ms_out) CHECKED;

#endif
