/* timeline.h -- when something is wanted: in a timeline field and in free speech. Linear, no allocation. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "../base/base.h"

enum { TIMELINE_URGENT_DAYS = 42 }; /* six weeks */

/* By the contract: now, urgent, asap, immediately, this or next month, this
 * quarter, Q1 to Q4, a span of at most six weeks in digits or words. Saying
 * that there is no rush outweighs all of them. */
bool timeline_is_urgent(struct span field);

/* The next phrase in free speech that says when: "by the end of Q3", "in six
 * weeks", "asap", "no rush, sometime next year". Not when one has time for a
 * call ("talk next week"), nor the past. False at the end. */
bool timeline_next(struct span *rest, struct span *phrase_out);

#endif
