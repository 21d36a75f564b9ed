/* timeline.h -- when something is wanted, in a field and in speech. Linear, no allocation. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "../text/tokens.h"

enum { TIMELINE_URGENT_DAYS = 42 }; /* six weeks */

/* By the contract: now, urgent, asap, immediately, this or next month, this
 * quarter, Q1 to Q4, a span of at most six weeks in digits or words. Saying
 * that there is no rush outweighs all of them. */
bool timeline_is_urgent(struct span field);

/* The next phrase in free speech that says when: "by the end of Q3", "in six
 * weeks", "asap", "no rush, sometime next year"; looked for from word *i on,
 * which is moved behind it. Not when one has time for a call ("talk next
 * week"), nor the past. `is_asked`: it answers a question for it. False when there is none. */
bool timeline_next(const struct utterance *u, bool is_asked, size_t *i, size_t *from_out,
                   size_t *to_out);

#endif
