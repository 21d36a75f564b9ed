/* retain.c -- the job that ends what is kept no longer. */
#include "retain.h"

#include "../base/log.h"
#include "../base/wait.h"

#define BATCH    500    /* rows of one statement: a few hundredths of a second */
#define DUE_MAX  100000 /* counted no further */
#define WORK_MS  10000u /* of each kind */
#define REST_MIN 5u

/* Others work on the same disk and processor, and one that waits for a row of ours goes ahead. */
static bool rest(const struct ctx *cx, uint64_t worked_ms)
{
	struct deadline until = deadline_in(worked_ms > REST_MIN ? worked_ms : REST_MIN);

	return wait_fds(cx->cancel, NULL, 0, until) != WAIT_CANCELLED;
}

static struct err *remove_old(struct ctx *cx, const struct job *job, enum retention_kind kind,
                              struct retention_removed *sum)
{
	struct deadline until = deadline_in(WORK_MS);
	int64_t         rows = 1;

	while (rows && deadline_left_ms(until)) {
		uint64_t start_ms = clock_mono_ms();

		TRY(job_extend(cx, job));
		TRY(retention_remove(cx, kind, BATCH, sum, &rows));
		if (!rest(cx, clock_mono_ms() - start_ms))
			break;
	}
	return NULL;
}

static struct err *retain_kind(struct ctx *cx, const struct job *job, enum retention_kind kind)
{
	struct retention_removed sum = {.rows = 0};
	struct retention_due     due;
	struct err              *e;

	TRY(retention_look(cx, kind, DUE_MAX, &due));
	if (due.days != due.asked)
		LOG(LOG_WARN, cx, "retention_differs", F_STR("what", due.what), F_INT("days", due.days),
		    F_INT("asked", due.asked));
	if (due.due == 0)
		return NULL;
	if (!due.is_removing) {
		LOG(LOG_INFO, cx, "retention_due", F_STR("what", due.what), F_INT("days", due.days),
		    F_INT("rows", due.due));
		return NULL;
	}
	e = remove_old(cx, job, kind, &sum);
	LOG(LOG_INFO, cx, "retention_removed", F_STR("what", due.what), F_INT("days", due.days),
	    F_INT("due", due.due), F_INT("sessions", sum.sessions), F_INT("utterances", sum.utterances),
	    F_INT("memories", sum.memories), F_INT("rows", sum.rows));
	return e;
}

struct err *retain(struct ctx *cx, struct job *job)
{
	for (enum retention_kind kind = 0; kind < RETENTION_KINDS; kind++)
		TRY(retain_kind(cx, job, kind));
	return NULL;
}
