/* rule_extract.h -- what a visitor told, found by rules when no language model answers.
 *
 * Made for recognised speech: capitals and punctuation help but are not
 * needed. Prefers silence to invention. Linear in the conversation. */
#ifndef RULE_EXTRACT_H
#define RULE_EXTRACT_H

#include "extract.h"

/* From all the visitor's utterances, oldest first: later ones correct earlier
 * ones. What the agent asked only tells what an answer means. Text that dictates data or
 * instructions counts for nothing. NULL: no wish and nothing about the visitor is known yet. */
struct extract *rule_extract(struct ctx *cx, const struct exchange *talk, size_t n);

/* Whom an address or a number reaches that was told, the last before the others. */
enum reach { REACH_NONE, REACH_OTHERS, REACH_NUMBER, REACH_EMAIL };

/* What all of them told, and which of it the last one did, in the same words. */
struct rule_told {
	struct extract         *all; /* NULL: nothing */
	struct extract_entities now;
	bool                    has_own_firm; /* spoke of one, named or not */
	const char             *phone;        /* the newest number of theirs; NULL: none */
	enum reach              reach;        /* the last one told how to reach somebody */
	bool                    is_redated;   /* the time is in the place of one told before */
};

/* The same with what is `known` already from before (NULL: nothing): only the newest are read then,
 * for what an exchange told does not change, and a conversation grows. */
#define RULE_EXTRACT_NEWEST 8
void rule_extract_on(struct ctx *cx, const struct extract *known, const struct exchange *talk,
                     size_t n, struct rule_told *out);

#endif
