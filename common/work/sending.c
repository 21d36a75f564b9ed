/* sending.c -- pace and patience. */
#include "sending.h"

#include "../base/crypto.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/wait.h"
#include "../store/paces.h"

#define UNSET_MS    60000u
#define TURN_MS_MAX 3000u /* a worker is held no longer */
#define HOLD_MS     1000u /* where a 429 does not say how long */
#define SPREAD_MS   1000u

struct err *sending_later(struct ctx *cx, struct job *job, uint64_t ms, const char *why)
{
	return job_postpone(job, err_new(cx, ERR_UNAVAILABLE, WHERE, "%s", why), ms);
}

struct err *sending_unset(struct ctx *cx, struct job *job, const char *setting)
{
	job->is_in_wait = true;
	return sending_later(cx, job, UNSET_MS, arena_printf(cx->arena, "waiting for %s", setting));
}

static struct err *sleep_for(struct ctx *cx, unsigned ms)
{
	if (wait_fds(cx->cancel, NULL, 0, deadline_in(ms)) == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "told to stop while waiting for its turn");
	return NULL;
}

struct err *sending_wait_turn(struct ctx *cx, struct job *job, const char *channel,
                              unsigned interval_ms)
{
	bool     is_granted;
	unsigned wait_ms;

	TRY(pace_take(cx, channel, interval_ms, TURN_MS_MAX, &is_granted, &wait_ms));
	job->is_in_wait = !is_granted;
	if (!is_granted)
		return sending_later(cx, job, wait_ms + crypto_random_below(SPREAD_MS),
		                     "waiting for its turn to be sent");
	return sleep_for(cx, wait_ms);
}

struct err *sending_slow_down(struct ctx *cx, struct job *job, const char *channel,
                              const struct http_reply *reply)
{
	unsigned    ms = reply->retry_after_ms ? reply->retry_after_ms : HOLD_MS;
	struct err *e = pace_hold(cx, channel, ms);

	if (e) /* then the others find out for themselves */
		log_err(LOG_WARN, cx, "pace_not_held", e);
	return sending_later(cx, job, ms + crypto_random_below(SPREAD_MS),
	                     "the other side asked to slow down (status 429)");
}

static enum metric_outcome outcome_of(const struct http_reply *reply, const struct err *e)
{
	if (e)
		return e->kind == ERR_DEADLINE    ? OUTCOME_timeout
		       : e->kind == ERR_CANCELLED ? OUTCOME_cancelled
		                                  : OUTCOME_failed;
	if (reply->status / 100 == 2)
		return OUTCOME_ok;
	if (reply->status == 429)
		return OUTCOME_rate_limited;
	if (reply->status == 401 || reply->status == 403)
		return OUTCOME_denied;
	return reply->status / 100 == 4 ? OUTCOME_rejected : OUTCOME_failed;
}

void sending_count(const char *call, const struct http_reply *reply, const struct err *e)
{
	unsigned counted_as = metrics_name(NAMES_call, call);

	metrics_add(METRIC_calls, AT(counted_as, outcome_of(reply, e)), 1);
	metrics_time_ms(METRIC_call_time, AT(counted_as), reply->took_ms);
}
