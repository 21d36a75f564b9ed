/* error_reports.c -- one round.
 *
 * What an answer means (develop.sentry.dev, "Rate Limiting": who sends errors alone may go by
 * Retry-After):
 *   2xx        told
 *   429        nobody tells anything for as long as asked
 *   400, 413   our event is wrong, and will be: it is dropped
 *   else       again in a minute, and so where no answer comes */
#include "error_reports.h"

#include "../store/paces.h"
#include "sending.h"

#define CHANNEL    "sentry"
#define EVENTS_MAX 20 /* in a round, and so in a minute */
/* A round tells nothing more behind it: other jobs wait for the thread. */
#define ROUND_MS 1000u
#define HOLD_MS  60000u

static struct err *hold(struct ctx *cx, const struct http_reply *reply)
{
	return pace_hold(cx, CHANNEL, reply->retry_after_ms ? reply->retry_after_ms : HOLD_MS);
}

/* Told, or never to be. */
static bool is_settled(int status)
{
	return status / 100 == 2 || status == 400 || status == 413;
}

static struct err *tell(struct ctx *cx, const struct error_counted *counted)
{
	struct http_reply reply = {.status = 0};
	struct span       envelope;
	struct err       *e;

	TRY(sentry_envelope(cx, counted, &envelope));
	e = sentry_post(cx, envelope, &reply);
	sending_count("sentry send", &reply, e);
	if (!e && is_settled(reply.status)) {
		error_count_told(counted->row, counted->n);
		return NULL;
	}
	TRY(hold(cx, &reply));
	if (!e)
		FAIL(cx, ERR_UPSTREAM, "Sentry answered %d", reply.status);
	return e;
}

static void forget(void)
{
	struct error_counted counted = {.row = 0};

	for (unsigned i = 0; i < ERROR_ROWS && error_count_next(counted.row + 1, &counted); i++)
		error_count_told(counted.row, counted.n);
}

/* A round begins behind where the one before ended, so that who errs all the time hides nobody. */
static _Atomic unsigned next;

/* What there is to tell, each once: what is counted while they are told is of the next round. */
static size_t take_some(struct error_counted some[EVENTS_MAX])
{
	unsigned from = next;
	size_t   n = 0;

	while (n < EVENTS_MAX && error_count_next(from, &some[n])) {
		if (n > 0 && some[n].row == some[0].row)
			break;
		from = some[n++].row + 1;
	}
	return n;
}

/* What a slow one leaves no time for is of the next round. */
static struct err *tell_some(struct ctx *cx)
{
	struct error_counted *some = NEW_ARRAY(cx->arena, struct error_counted, EVENTS_MAX);
	struct deadline       round = deadline_in(ROUND_MS);
	size_t                n = take_some(some);

	for (size_t i = 0; i < n && deadline_left_ms(round); i++) {
		next = some[i].row + 1;
		TRY(tell(cx, &some[i]));
	}
	return NULL;
}

struct err *tell_errors(struct ctx *cx, struct job *job)
{
	bool     may_tell;
	unsigned wait_ms;

	(void)job;
	if (!sentry_is_wanted()) {
		forget();
		return NULL;
	}
	TRY(pace_take(cx, CHANNEL, 0, 0, &may_tell, &wait_ms));
	return may_tell ? tell_some(cx) : NULL;
}
