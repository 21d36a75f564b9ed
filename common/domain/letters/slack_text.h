/* slack_text.h -- a lead as a Block Kit message, within Slack's limits. Pure.
 *
 * Everything a visitor said is escaped and marked verbatim: it makes no mention, no
 * link and no channel, and it stands only in the blocks, never in the line of the notification. */
#ifndef SLACK_TEXT_H
#define SLACK_TEXT_H

#include "../lead/extract.h"

struct slack_lead {
	int                   score;
	const char           *priority;
	const char           *intent; /* NULL: none */
	const char *const    *reasons;
	size_t                reasons_n;
	const struct extract *extract; /* NULL: nothing is known */
	const char           *session_id;
	const char           *link; /* http(s) address of the session's page; NULL: none */
};

/* The whole JSON of the message. */
struct err *slack_text_lead(struct ctx *cx, const struct slack_lead *lead,
                            struct span *out) CHECKED;

#endif
