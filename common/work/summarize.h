/* summarize.h -- bringing a session's summary up to date, by a model or without one. */
#ifndef SUMMARIZE_H
#define SUMMARIZE_H

#include "../store/summaries.h"

extern const struct cfg_group summarize_settings;

enum summarize_verdict {
	SUMMARY_TOO_SHORT, /* there is not enough to summarise */
	SUMMARY_RECENT,    /* the one there is will do */
	SUMMARY_WRITTEN
};

struct summarized {
	enum summarize_verdict verdict;
	const struct summary  *summary; /* the one there is now; NULL when too short */
	const char            *provider;
	int64_t                utterances; /* it stands for */
	int                    importance;
	bool                   is_partial; /* there is more than one summary takes: call again */
};

/* Summarises what was said since the last summary, on top of it, once at least
 * SUMMARY_NEW_MIN utterances are new, or any with is_forced. An extractive summary is
 * made anew when it is forced and nothing is new, as a model may be there now. Waits for
 * models within cx->deadline and leaves time to store; without an answer of theirs the
 * summary is extractive. ERR_NOT_FOUND: no such session. */
struct err *summarize(struct ctx *cx, const char *session_id, bool is_forced,
                      struct summarized *out) CHECKED;

/* How long a session is unused before it counts as over, in seconds. */
int64_t summarize_idle_seconds(void);

#endif
