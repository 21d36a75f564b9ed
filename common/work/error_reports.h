/* error_reports.h -- the job "tell_errors": what was counted on this host (base/error_count.h), to
 * SENTRY_DSN. */
#ifndef ERROR_REPORTS_H
#define ERROR_REPORTS_H

#include "../call/sentry.h"
#include "../store/jobs.h"

#define ERROR_REPORTS_EVERY_MS 60000u

/* A periodic job: one event for each error that happened since it was told, with how often, and no
 * more than some in a round; what is over stays for the next one, and so does what can not be sent.
 * A Sentry that asks for less, or is ill, is left alone for as long as it says, or a minute. An
 * attempt that dies behind an event tells it again. Without SENTRY_DSN it forgets. */
struct err *tell_errors(struct ctx *cx, struct job *job) CHECKED;

#endif
