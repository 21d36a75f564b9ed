/* interrupt.c -- stopping a turn wherever it runs. */
#include "interrupt.h"

#include "../../common/base/log.h"
#include "../../common/base/metrics.h"
#include "../../common/work/heartbeat.h"
#include "../../common/work/workers.h"
#include "left.h"
#include "running.h"

/* Between hosts a time of day is all there is; what it says is to come is now. */
static uint64_t mono_of(int64_t unix_ms)
{
	int64_t  ago_ms = clock_unix_ms() - unix_ms;
	uint64_t now = clock_mono_ms();

	return ago_ms > 0 ? clock_elapsed_ms((uint64_t)ago_ms, now) : now;
}

static int64_t unix_of(uint64_t mono_ms)
{
	return clock_unix_ms() - (int64_t)clock_elapsed_ms(mono_ms, clock_mono_ms());
}

/* A cancellation is heard when what was sent behind it may be here already. */
static void hear_of_it(const char *told)
{
	const char       *claim = turn_told(told);
	struct turn_early early;

	if (claim)
		running_cancel(claim);
	else if (turn_told_early(told, &early))
		(void)running_cancel_message(early.session_id, early.turn_id, false,
		                             mono_of(early.asked_unix_ms));
}

void interrupt_listen(void)
{
	workers_hear(hear_of_it);
}

/* What ran here has stored its end by the time that it is cut. A message of here may be stopped by
 * what all programs are told before this has come to it. */
struct err *interrupt_turn(struct req *rq, const struct in *in)
{
	struct ctx        *cx = req_ctx(rq);
	struct turn_cancel order = {
		.session_id = in->session_id,
		.session_secret = in->session_secret,
		.turn_id = in->turn_id,
		.heard_ms = in->heard_ms.is_set ? (int64_t)in->heard_ms.value : -1,
		.asked_unix_ms = unix_of(req_came_ms(rq)),
	};
	bool                  was_here = running_has_message(in->session_id, in->turn_id);
	bool                  is_over, was_told, is_cut = false;
	struct turn_cancelled t;
	struct json_out      *j;

	TRY(turn_cancel(cx, &order, &t));
	if (t.number)
		running_cancel(t.claim);
	/* Of a turn that is over the end may still be on its way to the client. */
	is_over = t.number && !t.was_running;
	was_told = running_cancel_message(in->session_id, in->turn_id, is_over, req_came_ms(rq));
	if (t.was_running && running_wait(cx, in->session_id, t.number, 0) == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "nobody waits any more");
	if (t.number && order.heard_ms >= 0)
		TRY(turn_cut(cx, in->session_id, t.number, (unsigned)order.heard_ms, &is_cut));
	is_cut = is_cut || t.was_running || (is_over && was_told) || (was_here && !t.number);
	metrics_add(METRIC_interruptions, ALONE, is_cut);
	j = reply_json(rq, 200, 0);
	json_obj(j, NULL);
	json_bool(j, "cancelled", is_cut);
	json_end(j);
	return NULL;
}

/* So much had been sent, or all of it: it is stored. */
static void keep_sent(struct ctx *cx, const struct turn *turn, const struct answer *a)
{
	const struct turn_name name = turn_name_of(turn);
	struct turn_sent       sent = progress_sent(a->progress);
	struct err            *e;

	sent.is_whole = a->is_out;
	ctx_detach(cx, KEEP_MS);
	e = turn_interrupt(cx, &name, &sent);
	if (!e)
		return;
	log_err(LOG_ERROR, cx, "turn_not_given_up", e);
	progress_leave(&name, &sent);
	heartbeat_doubt_turn(turn->session_id, turn->claim);
}

static void give_up(struct ctx *cx, const struct turn *turn, enum turn_loss how)
{
	struct err *e;

	ctx_detach(cx, CLEANUP_MS);
	e = turn_give_up(cx, turn, how);
	if (e)
		log_err(LOG_ERROR, cx, "turn_not_given_up", e);
	if (e)
		heartbeat_doubt_turn(turn->session_id, turn->claim);
}

/* Who cancelled it may have looked for the turn before it began, and found only its message. */
static enum turn_loss end_of(enum cancel_reason why, const struct answer *a)
{
	if (why == CANCEL_SUPERSEDED)
		return TURN_REFUSED;
	return why || a->is_resumed ? TURN_LEFT : TURN_FAILED;
}

/* Who was silent for long may have sent something when its turn had been stopped already. Where
 * another process answers the same message by now, nothing of that is ours to say
 * (turn_progress.h). */
struct err *interrupt_end(struct ctx *cx, const struct turn *turn, const struct answer *a,
                          struct err *e)
{
	enum cancel_reason why = cancel_reason(cx->cancel);

	progress_stop(a->progress);
	if (*progress_sent(a->progress).text)
		keep_sent(cx, turn, a);
	else if (e->kind != ERR_SUPERSEDED && why != CANCEL_DISOWNED)
		give_up(cx, turn, end_of(why, a));
	progress_end(a->progress);
	if (a->rest) { /* kept if it was cancelled, too, whatever stopped it first */
		ctx_detach(cx, CLEANUP_MS);
		left_keep(cx, turn, a->rest);
	}
	if (why == CANCEL_DISOWNED)
		FAIL(cx, ERR_CANCELLED, "another took the turn over");
	if (why == CANCEL_SUPERSEDED)
		FAIL(cx, ERR_SUPERSEDED, "a newer turn began, or the client wants no more of it");
	return e;
}
