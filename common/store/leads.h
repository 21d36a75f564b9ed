/* leads.h -- what a session has told of its visitor, for those who may know it. Reads only; contact
 * data is opened here, and the audit log says by whom. */
#ifndef STORE_LEADS_H
#define STORE_LEADS_H

#include "../base/ctx.h"
#include "../domain/lead/extract.h"

struct lead {
	const char           *session_id, *started_at, *ended_at, *channel;
	bool                  consent;
	int                   score;
	const char           *priority;
	const char           *intent; /* NULL: none yet */
	const char          **reasons;
	size_t                reasons_n;
	const struct extract *extract;              /* of the turn that gave the score; NULL: none */
	const char           *email, *name, *notes; /* of the session; NULL: not given there */
	const char           *cta;
	const char           *summary; /* NULL: none yet */
	int                   utterances_n;
	const char           *wishes; /* "wants_person, threat": what the visitor did; NULL: nothing */
};

/* Opens the contact data for `actor`. *found_out is false when the session is gone. What does not
 * open with the keys there are is left out. */
struct err *lead_of_session(struct ctx *cx, const char *session_id, const char *actor,
                            struct lead *out, bool *found_out) CHECKED;

/* Which sessions to list. */
struct lead_filter {
	const char *since, *until; /* of their beginning, ISO 8601; NULL: not bounded */
	const char *intent;        /* NULL: any */
	int         min_score;
	int         limit;
};

/* The best first, then the newest. */
struct err *leads_list(struct ctx *cx, const struct lead_filter *filter, const char *actor,
                       struct lead **out, size_t *n_out) CHECKED;

/* A session, without anything of who the visitor is. */
struct session_row {
	const char *session_id, *started_at, *ended_at, *channel, *mode;
	const char *intent; /* NULL: none yet */
	bool        consent;
	int         score, utterances_n;
};

/* The newest first; of the filter the times and the limit count. */
struct err *sessions_list(struct ctx *cx, const struct lead_filter *filter,
                          struct session_row **out, size_t *n_out) CHECKED;

/* One thing said in a session. */
struct lead_line {
	const char *at, *speaker, *text;
};

/* All of what was said, oldest first, opened; lead_of_session has told the audit log. At most
 * the newest `limit`. */
struct err *lead_transcript(struct ctx *cx, const char *session_id, int limit,
                            struct lead_line **out, size_t *n_out) CHECKED;

#endif
