/* recovery_mail.h -- the mail by which somebody sets a password: its link, and its job. */
#ifndef RECOVERY_MAIL_H
#define RECOVERY_MAIL_H

#include "../store/recoveries.h"
#include "workers.h"

/* "recovery_mail" sends the mail of the recovery that is the job's key, once, as confirm_mail does
 * (mail.h). One that is over by then is not sent. */
enum { RECOVERY_JOBS = 1 };
extern const struct job_kind recovery_jobs[RECOVERY_JOBS];

/* Whose link is it, by its token? *found_out is false when it is not ours, or what it was for is
 * gone. */
struct err *recovery_of_token(struct ctx *cx, struct span token, struct recovery *out,
                              bool *found_out) CHECKED;

#endif
