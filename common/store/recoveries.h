/* recoveries.h -- the recoveries table: links in mails by which somebody sets a password. */
#ifndef STORE_RECOVERIES_H
#define STORE_RECOVERIES_H

#include "../base/ctx.h"

#define RECOVERY_JOB "recovery_mail"

/* A link for whoever has the address, if anybody does, and the job that mails it; good for `life_s`
 * seconds. redirect_to: where its page leads; NULL: nowhere else. With `is_new` somebody who is not
 * there yet is made (people_add()), who is neither confirmed nor admitted. */
struct err *recovery_begin(struct ctx *cx, const char *email, const char *redirect_to,
                           int64_t life_s, bool is_new) CHECKED;

struct recovery {
	const char *id, *person;
	const char *redirect_to; /* NULL: our own page */
	int64_t     ends_at;     /* seconds since 1970 */
	bool        is_open;     /* neither used nor over */
};

/* *found_out is false when it is gone. */
struct err *recovery_look(struct ctx *cx, const char *id, struct recovery *out,
                          bool *found_out) CHECKED;

/* Whoever has the link has the address: it is used, with it all others of theirs, and confirmed is
 * who it is for. False when it was used before, or is over; of several at once one is told true. */
struct err *recovery_use(struct ctx *cx, const char *id, bool *used_out) CHECKED;

/* The mail with it has left. */
struct err *recovery_sent(struct ctx *cx, const char *id) CHECKED;

#endif
