/* mail.h -- the mail that asks who gave an address to confirm it: jobs. */
#ifndef MAIL_H
#define MAIL_H

#include "letter.h"
#include "workers.h"

/* "confirm_mail" sends the confirmation mail of the sign-up that is the job's key. Once: the
 * request carries an Idempotency-Key that stays the same for the same mail. Without a key of the
 * service or a sender the job waits; quotas, refused keys and the day's total postpone it; what is
 * wrong with the address itself is recorded as a bounce.
 *
 * "place_mailboxes" gives sign-ups from before there were mailboxes theirs. */
enum { MAIL_JOBS = 2 };
extern const struct job_kind mail_jobs[MAIL_JOBS];

/* A link to our own page: base + "/functions/v1/collect_email?token=...". The token names the
 * sign-up, is late from `expires_at` (seconds since 1970) on and is signed. NULL without a data
 * key. */
const char *mail_link(struct ctx *cx, const char *signup_id, int64_t expires_at);

struct mail_token {
	const char *signup_id;
	bool        is_late; /* too old to confirm what nobody has decided; leaving, and coming back
	                      * after that, need any link of ours, however old */
};

/* Whose token is it? False when it is not ours. */
bool mail_token_read(struct ctx *cx, struct span token, struct mail_token *out) CHECKED;

#endif
