/* running.c -- a list of the turns in hand: at most one for each thread. */
#include "running.h"

#include "../../common/base/str.h"

struct running {
	struct running *next;
	const char     *session_id;
	int64_t         turn;
	bool            is_ahead;
	uint64_t        asked_ms, here_ms;
	struct cancel  *cancel;
};

static struct monitor  news = MONITOR;
static struct running *all;

/* Threads may get here in another order than the database gave out the numbers. A crash of it can
 * take numbers back, and what began when another was here is newer all the same. */
static bool is_newer(const struct running *r, const struct running *other)
{
	return r->turn > other->turn || r->asked_ms > other->here_ms;
}

/* What is prepared stands in no turn's way: the turn it is for ends it, and what is newer. */
static bool yields(const struct running *r, const struct running *to)
{
	return r->is_ahead && (to->turn >= r->turn || to->asked_ms > r->here_ms);
}

/* NULL: both go on. */
static struct running *loser(struct running *r, struct running *other)
{
	if (!r->is_ahead && !other->is_ahead)
		return is_newer(r, other) ? other : r;
	if (yields(other, r))
		return other;
	return yields(r, other) ? r : NULL;
}

static void settle(struct running *r)
{
	for (struct running *other = all; other; other = other->next) {
		struct running *lost;

		if (!str_equal(other->session_id, r->session_id))
			continue;
		lost = loser(r, other);
		if (lost)
			cancel_fire(lost->cancel, CANCEL_SUPERSEDED);
	}
}

static struct running *enter(struct ctx *cx, const char *session_id, int64_t turn,
                             uint64_t asked_ms, bool is_ahead)
{
	struct running *r = NEW(cx->arena, struct running);

	r->session_id = session_id;
	r->turn = turn;
	r->is_ahead = is_ahead;
	r->asked_ms = asked_ms;
	r->here_ms = clock_mono_ms();
	r->cancel = cx->cancel;
	monitor_lock(&news);
	settle(r);
	r->next = all;
	all = r;
	monitor_unlock(&news);
	return r;
}

struct running *running_start(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms)
{
	return enter(cx, session_id, turn, asked_ms, false);
}

struct running *running_ahead(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms)
{
	return enter(cx, session_id, turn, asked_ms, true);
}

void running_end(struct running *running)
{
	struct running **at = &all;

	monitor_lock(&news);
	while (*at != running)
		at = &(*at)->next;
	*at = running->next;
	monitor_tell_all(&news);
	monitor_unlock(&news);
}

static bool is_that(const struct running *r, const char *session_id, int64_t turn)
{
	return !r->is_ahead && r->turn == turn && str_equal(r->session_id, session_id);
}

bool running_has_newer(const char *session_id, uint64_t asked_ms)
{
	bool has = false;

	monitor_lock(&news);
	for (const struct running *r = all; r; r = r->next)
		has |= !r->is_ahead && r->asked_ms > asked_ms && str_equal(r->session_id, session_id);
	monitor_unlock(&news);
	return has;
}

void running_cancel(const char *session_id, int64_t turn)
{
	monitor_lock(&news);
	for (struct running *r = all; r; r = r->next)
		if (is_that(r, session_id, turn))
			cancel_fire(r->cancel, CANCEL_SUPERSEDED);
	monitor_unlock(&news);
}

static bool is_here(const char *session_id, int64_t turn)
{
	for (const struct running *r = all; r; r = r->next)
		if (is_that(r, session_id, turn))
			return true;
	return false;
}

enum waited running_wait(struct ctx *cx, const char *session_id, int64_t turn, unsigned ms)
{
	struct deadline      soon = deadline_sooner(cx->deadline, deadline_in(ms));
	enum waited          how = WAIT_READY;
	bool                 was_here = false, here;
	struct monitor_watch watch;

	monitor_watch(&news, &watch, cx->cancel);
	monitor_lock(&news);
	for (;;) {
		here = is_here(session_id, turn);
		if (how != WAIT_READY || (was_here && !here))
			break;
		was_here = here;
		how = ctx_wait(cx, &news, &watch, here ? cx->deadline : soon);
	}
	monitor_unlock(&news);
	monitor_unwatch(&watch);
	return how;
}
