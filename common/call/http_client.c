/* http_client.c -- the caller's side of a call: what it waits for, and for how long. */
#include "http_client.h"

#include "../base/aside.h"
#include "http_loop.h"

#include <assert.h>

#define LAST_WAIT_MS 20u
#define RETRY_MAX_MS 3600000u

/* ---- limits ---- */

/* The earliest of the limits that hold now, and its name. */
struct limit {
	uint64_t    at_ms;
	const char *name;
};

static void tighten(struct limit *limit, uint64_t since_ms, unsigned own_ms, const char *name)
{
	if (own_ms && since_ms + own_ms < limit->at_ms)
		*limit = (struct limit){since_ms + own_ms, name};
}

/* Those that hold however much comes. */
static struct limit whole_limit(const struct ctx *cx, const struct exchange *x)
{
	struct limit limit = {cx->deadline.at_ms, "the deadline"};

	if (!cx->is_last_attempt)
		tighten(&limit, x->began_at_ms, x->limits.total_ms, "the limit in all");
	return limit;
}

/* With the lock held. */
static struct limit next_limit(const struct ctx *cx, const struct exchange *x)
{
	struct limit limit = whole_limit(cx, x);
	bool         is_received = x->has_receiver && x->status / 100 == 2;
	uint64_t     useful_at_ms = is_received ? x->useful_at_ms : x->last_at_ms;

	if (x->has_enough)
		tighten(&limit, x->enough_at_ms, LAST_WAIT_MS, "the wait for the last bytes");
	if (!x->is_connected)
		tighten(&limit, x->began_at_ms, x->limits.connect_ms, "the limit to connect");
	if (useful_at_ms)
		tighten(&limit, useful_at_ms, x->limits.idle_ms, "the limit between pieces");
	else if (!cx->is_last_attempt)
		tighten(&limit, x->began_at_ms, x->limits.first_ms, "the limit for the first piece");
	return limit;
}

static struct err *given_up(struct ctx *cx, const struct exchange *x)
{
	FAIL(cx, ERR_CANCELLED, "given up after %llu ms",
	     (unsigned long long)(clock_mono_ms() - x->began_at_ms));
}

static struct err *too_late(struct ctx *cx, const struct exchange *x, struct limit limit)
{
	FAIL(cx, ERR_DEADLINE, "%s passed after %llu ms", limit.name,
	     (unsigned long long)(clock_mono_ms() - x->began_at_ms));
}

/* ---- waiting ---- */

static bool has_news(const struct exchange *x)
{
	return x->is_done || (x->has_receiver && (x->queue.len || x->batch_at < x->batch.len));
}

/* With the lock held: until there is news, which is looked at before any limit, or something else
 * to do. */
static struct err *wait_for_news(struct ctx *cx, struct exchange *x, const struct monitor_watch *w)
{
	while (!has_news(x) && !x->is_over && !aside_is_due(cx->aside)) {
		struct limit    limit = next_limit(cx, x);
		struct deadline until =
			deadline_sooner((struct deadline){limit.at_ms}, aside_due(cx->aside));
		enum waited waited = ctx_wait(cx, &x->news, w, until);

		if (waited != WAIT_READY && x->has_enough) {
			x->is_over = true;
			return NULL;
		}
		if (waited == WAIT_CANCELLED)
			return given_up(cx, x);
		/* A piece that came meanwhile may have moved it. */
		limit = next_limit(cx, x);
		if (waited == WAIT_DEADLINE && !has_news(x) && clock_mono_ms() >= limit.at_ms)
			return too_late(cx, x, limit);
	}
	return NULL;
}

/* What comes without a pause must not outlast the limits either. */
static struct err *check_whole(struct ctx *cx, const struct exchange *x)
{
	struct limit limit = whole_limit(cx, x);

	if (x->is_done || x->has_enough)
		return NULL;
	if (ctx_cancelled(cx))
		return given_up(cx, x);
	return clock_mono_ms() >= limit.at_ms ? too_late(cx, x, limit) : NULL;
}

/* Until there is news of the exchange; what else there is to do is done whenever it is due, and who
 * takes pieces is told of it. */
static struct err *await_news(struct ctx *cx, struct exchange *x, bool *has_looked_out)
{
	struct monitor_watch w;
	struct err          *e = NULL;
	bool                 is_news = false;

	*has_looked_out = false;
	monitor_watch(&x->news, &w, cx->cancel);
	aside_move(cx->aside, &x->news);
	while (!e && !is_news && !(*has_looked_out && x->has_receiver)) {
		if (aside_is_due(cx->aside)) {
			*has_looked_out = true;
			if (!aside_look(cx->aside))
				e = given_up(cx, x);
			continue;
		}
		monitor_lock(&x->news);
		e = wait_for_news(cx, x, &w);
		is_news = has_news(x) || x->is_over;
		monitor_unlock(&x->news);
	}
	aside_move(cx->aside, NULL);
	monitor_unwatch(&w);
	return e;
}

static struct err *next_piece(struct ctx *cx, struct exchange *x, struct http_piece *out)
{
	struct err *e;
	uint64_t    at_ms = 0;
	bool        must_resume = false, has_piece = false, has_looked;

	e = await_news(cx, x, &has_looked);
	monitor_lock(&x->news);
	if (!e)
		e = check_whole(cx, x);
	if (!e && x->has_receiver && has_looked)
		out->data = SPAN("");
	else if (!e && x->has_receiver)
		has_piece = exchange_take(x, out, &at_ms, &must_resume);
	monitor_unlock(&x->news);
	if (must_resume)
		loop_wish(x, WISH_RESUME);
	if (has_piece)
		x->piece_at_ms = at_ms;
	else if (!e && !out->data.ptr)
		x->is_over = true;
	return e;
}

static unsigned since(const struct exchange *x, uint64_t at_ms)
{
	return at_ms > x->began_at_ms ? (unsigned)(at_ms - x->began_at_ms) : 1;
}

/* What the caller thinks of the piece before. */
static void judge(struct exchange *x, enum http_verdict before)
{
	uint64_t now = clock_mono_ms();

	if (before == HTTP_GO_ON)
		return;
	if (!x->first_ms)
		x->first_ms = since(x, x->piece_at_ms);
	x->useful_at_ms = now;
	if (before >= HTTP_LAST && !x->has_enough)
		x->enough_at_ms = now;
	x->has_enough |= before >= HTTP_LAST;
	x->is_over = before == HTTP_STOP;
}

struct err *http_next(struct ctx *cx, struct exchange *x, enum http_verdict before,
                      struct http_piece *out)
{
	*out = (struct http_piece){0};
	judge(x, before);
	if (!x->failed && !x->is_over)
		x->failed = next_piece(cx, x, out);
	return x->failed;
}

void http_want(struct exchange *x, size_t bytes)
{
	monitor_lock(&x->news);
	x->wanted = bytes < HTTP_WANT_MAX ? bytes : HTTP_WANT_MAX;
	monitor_unlock(&x->news);
}

const char *http_content_type(struct exchange *x)
{
	const char *type;

	monitor_lock(&x->news);
	type = x->content_type;
	monitor_unlock(&x->news);
	return type;
}

/* ---- the end ---- */

static struct err *judge_ending(struct ctx *cx, const struct exchange *x)
{
	if (x->is_too_large)
		FAIL(cx, ERR_UPSTREAM, "the answer has more than %zu bytes", x->reply_max);
	if (x->is_event_too_large)
		FAIL(cx, ERR_UPSTREAM, "an event of the answer is too large");
	if (x->ending == ENDED_WELL || x->is_full)
		return NULL;
	if (x->ending == ENDED_UNCONNECTED)
		FAIL(cx, ERR_DEADLINE, "the limit to connect passed: %s", x->problem);
	FAIL(cx, ERR_UPSTREAM, "%s", x->problem[0] ? x->problem : "the connection broke");
}

/* What is known of the answer, whether or not it came whole. With the lock held. */
static void fill_reply(const struct exchange *x, struct http_reply *out)
{
	unsigned first_ms = x->first_at_ms ? since(x, x->first_at_ms) : 0;

	out->status = x->status;
	out->content_type = x->content_type;
	out->retry_after_ms = x->retry_after_ms;
	out->body = x->is_done ? buf_span(&x->body) : (struct span){"", 0};
	out->first_ms = x->has_receiver && x->status / 100 == 2 ? x->first_ms : first_ms;
	out->is_reused = x->is_reused;
	out->took_ms = (unsigned)((x->is_done ? x->done_at_ms : clock_mono_ms()) - x->began_at_ms);
}

/* The loop lets go of it when it comes to it; nobody waits for that. */
static void drop(void *data)
{
	struct exchange *x = data;
	bool             is_done;

	monitor_lock(&x->news);
	is_done = x->is_done;
	x->is_dropped = true;
	monitor_unlock(&x->news);
	if (!is_done)
		loop_wish(x, WISH_DROP);
	exchange_release(x);
}

struct err *http_end(struct ctx *cx, struct exchange *x, struct http_reply *out)
{
	enum http_verdict verdict = HTTP_GO_ON;
	struct err       *e = x->failed;
	struct http_piece piece;

	while (!e && !x->is_over) {
		e = http_next(cx, x, verdict, &piece);
		verdict = piece.data.ptr ? x->on_data(&piece, x->data) : HTTP_GO_ON;
	}
	monitor_lock(&x->news);
	if (!e && !x->has_enough)
		e = judge_ending(cx, x);
	if (e) {
		e->uncertain = x->is_connected;
		e->is_counted = x->is_done && x->is_told;
	}
	fill_reply(x, out);
	monitor_unlock(&x->news);
	cx->cost.upstream_ms += out->took_ms;
	cx->cost.first_ms = out->first_ms;
	return e;
}

/* ---- beginning ---- */

struct exchange *http_begin(struct ctx *cx, const struct http_call *call)
{
	struct exchange *x;

	assert(!cx->tx);
	loop_ready();
	x = exchange_new(call, &cx->trace, deadline_left_ms(cx->deadline));
	x->began_at_ms = clock_mono_ms();
	arena_defer(cx->arena, drop, x);
	x->failed = check_whole(cx, x);
	if (x->failed) {
		exchange_disarm(x);
		x->is_done = true;
		return x;
	}
	loop_wish(x, WISH_BEGIN);
	return x;
}

struct err *http_do(struct ctx *cx, const struct http_call *call, struct http_reply *out)
{
	return http_end(cx, http_begin(cx, call), out);
}

void http_warm(const char *url)
{
	struct exchange *x;

	if (!span_starts_nocase(span_of(url), SPAN("https:")))
		return;
	loop_ready();
	x = exchange_new_warming(url);
	loop_wish(x, WISH_BEGIN);
	exchange_release(x);
}

unsigned http_retry_after_ms(const char *in_ms, const char *retry_after, int64_t now_unix_ms)
{
	double  value, ms = 0;
	int64_t date;

	if (in_ms && str_to_double(in_ms, &value))
		ms = value;
	else if (retry_after && str_to_double(retry_after, &value))
		ms = value * 1000;
	else if (retry_after && (date = (int64_t)curl_getdate(retry_after, NULL)) > 0)
		ms = (double)(date * 1000 - now_unix_ms);
	if (ms <= 0)
		return 0;
	return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (unsigned)(ms + 0.5);
}
