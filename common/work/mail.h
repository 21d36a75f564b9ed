/* mail.h -- mails through Resend: the job "confirm_mail". */
#ifndef MAIL_H
#define MAIL_H

#include "../base/cfg.h"
#include "workers.h"

extern const struct cfg_group mail_settings;

/* Sends the confirmation mail of the sign-up that is the job's key. Once: the request carries an
 * Idempotency-Key that stays the same for the same mail. Without RESEND_API_KEY or MAIL_FROM the
 * job waits; quotas and refused keys postpone it; what is wrong with the address itself
 * is recorded as a bounce. */
extern const struct job_kind mail_jobs[1];

/* Can mails leave with the settings of now? Else they wait. */
bool mail_can_leave(void);

/* A link to our own page: base + "/functions/v1/collect_email?token=...". The token names the
 * sign-up, ends at `expires_at` (seconds since 1970) and is signed. NULL without a data key. */
const char *mail_link(struct ctx *cx, const char *signup_id, int64_t expires_at);

/* Whose token is it? False when it is not ours or its time is over. */
bool mail_token_read(struct ctx *cx, struct span token, const char **signup_id_out) CHECKED;

#endif
