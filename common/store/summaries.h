/* summaries.h -- the summaries table: what a session came to, with its memories of that.
 *
 * The visitor's name is masked in the plain columns, and the original sealed beside them; what is
 * loaded here is the original. E-mail addresses and telephone numbers are in neither. */
#ifndef STORE_SUMMARIES_H
#define STORE_SUMMARIES_H

#include "../base/ctx.h"
#include "../domain/who/names.h"
#include "../domain/memory/summary.h"

#define SUMMARY_ROWS_MAX 200 /* utterances of one summary; more are summarised in turns */

/* What there is to summarise. */
struct summary_source {
	int64_t                utterances; /* of the whole session */
	int64_t                pending;    /* those not in `earlier`; said[] has the oldest of them */
	bool                   has_earlier;
	struct summary         earlier;
	int                    earlier_importance;
	const char            *earlier_provider;
	int64_t                version; /* of the earlier one, for summary_store; 0: there is none */
	struct utterance_text *said;    /* oldest first */
	int64_t               *positions;
	size_t                 said_n;
	struct names           names; /* known of the visitor */
	/* What the session's leads say, JSON; NULL or "" when nothing is known; the entities masked. */
	const char *intent, *entities, *followup_actions, *reasons, *lead_priority;
	int64_t     lead_score;
};

/* With `from_start` as if there were no earlier summary. ERR_NOT_FOUND: no such session. */
struct err *summary_load(struct ctx *cx, const char *session_id, bool from_start,
                         struct summary_source *out) CHECKED;

struct summary_new {
	const char           *session_id;
	const struct summary *summary;
	const char           *provider;
	const char           *crm_json;
	int64_t               utterances; /* it stands for, from the first on */
	int64_t               position;   /* of the last of them */
	int64_t               version;    /* of the one it takes the place of */
	const struct names   *names;
};

/* Writes the summary, marks the session, and keeps what it says as memories of the
 * session: a short one, and from SUMMARY_THEMES_FROM utterances on a medium one of its
 * themes; each takes the place of the last. *is_stored_out is false, and nothing is
 * written, when somebody else has written a summary since `version`. */
struct err *summary_store(struct ctx *cx, const struct summary_new *in,
                          bool *is_stored_out) CHECKED;

/* The text of a row: its plain and its sealed column, either may be NULL. */
const char *summary_open_text(struct ctx *cx, const char *session_id, const char *masked,
                              const char *sealed);

/* Masks the summary of a session anew, for names that became known after it was written. */
struct err *summary_mask(struct ctx *cx, const char *session_id, const struct names *names,
                         bool *is_changed_out) CHECKED;

/* Marks sessions as ended that nobody used for idle_s seconds, at most `most`, and
 * enqueues the summary of what is not summarised yet, and that what was said in a turn whose
 * process died is remembered. */
struct err *summaries_close_idle(struct ctx *cx, int64_t idle_s, int most,
                                 int64_t *closed_out) CHECKED;

#endif
