/* running.c -- lists of the turns and messages in hand: at most one for each thread. */
#include "running.h"

#include "../../common/base/crypto.h"
#include "../../common/base/str.h"
#include "../../common/store/turns.h"

#include <stdio.h>

struct running {
	struct running *next;
	const char     *session_id;
	const char     *claim; /* NULL: it is only prepared */
	int64_t         turn;
	uint64_t        asked_ms, here_ms;
	struct cancel  *cancel;
};

static struct monitor  news = MONITOR;
static struct running *all;

/* Claims of turns that were stopped and are not here: one may be about to come. */
static char   stopped[RUNNING_STOPPED_MAX][CRYPTO_UUID_CHARS + 1]; /* the oldest gives way */
static size_t stopped_n;

/* Threads may get here in another order than the database gave out the numbers. A crash of it can
 * take numbers back, and what began when another was here is newer all the same. */
static bool is_newer(const struct running *r, const struct running *other)
{
	return r->turn > other->turn || r->asked_ms > other->here_ms;
}

/* What is prepared stands in no turn's way: the turn it is for ends it, and what is newer. */
static bool yields(const struct running *r, const struct running *to)
{
	return !r->claim && (to->turn >= r->turn || to->asked_ms > r->here_ms);
}

/* NULL: both go on. */
static struct running *loser(struct running *r, struct running *other)
{
	if (r->claim && other->claim)
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

static void note_stopped(const char *claim)
{
	snprintf(stopped[stopped_n++ % RUNNING_STOPPED_MAX], sizeof(*stopped), "%s", claim);
}

static bool was_stopped(const char *claim)
{
	bool was = false;

	for (size_t i = 0; claim && i < RUNNING_STOPPED_MAX; i++)
		was |= str_equal(stopped[i], claim);
	return was;
}

static struct running *enter(struct ctx *cx, const char *session_id, int64_t turn,
                             const char *claim, uint64_t asked_ms)
{
	struct running *r = NEW(cx->arena, struct running);

	r->session_id = session_id;
	r->turn = turn;
	r->claim = claim;
	r->asked_ms = asked_ms;
	r->here_ms = clock_mono_ms();
	r->cancel = cx->cancel;
	monitor_lock(&news);
	settle(r);
	if (was_stopped(claim))
		cancel_fire(r->cancel, CANCEL_SUPERSEDED);
	r->next = all;
	all = r;
	monitor_unlock(&news);
	return r;
}

struct running *running_start(struct ctx *cx, const struct turn *turn, uint64_t asked_ms)
{
	return enter(cx, turn->session_id, turn->number, turn->claim, asked_ms);
}

struct running *running_ahead(struct ctx *cx, const char *session_id, int64_t turn,
                              uint64_t asked_ms)
{
	return enter(cx, session_id, turn, NULL, asked_ms);
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
	return r->claim && r->turn == turn && str_equal(r->session_id, session_id);
}

void running_cancel(const char *claim)
{
	bool is_here = false;

	monitor_lock(&news);
	for (struct running *r = all; r; r = r->next)
		if (r->claim && str_equal(r->claim, claim)) {
			cancel_fire(r->cancel, CANCEL_SUPERSEDED);
			is_here = true;
		}
	if (!is_here)
		note_stopped(claim);
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

/* ---- messages ---- */

struct running_message {
	struct running_message *next;
	const char             *session_id, *turn_id;
	bool                    goes_on;
	uint64_t                since_ms;
	struct cancel          *cancel;
};

/* Of a message that may be under way: it waits for a thread, or for room for its body. */
struct refused_message {
	uint64_t at_ms;
	bool     goes_on; /* only one that does */
	char     session_id[CRYPTO_UUID_CHARS + 1];
	char     turn_id[TURN_ID_BYTES_MAX + 1];
};

/* Not `news`: who joined a turn waits there, and is woken behind this lock. */
static struct monitor          desk = MONITOR;
static struct running_message *messages;
static struct refused_message  refused[RUNNING_REFUSED_MAX];

static bool is_same(const struct refused_message *r, const char *session_id, const char *turn_id,
                    bool goes_on)
{
	return r->goes_on == goes_on && str_equal(r->turn_id, turn_id) &&
	       str_equal(r->session_id, session_id);
}

static struct refused_message *older(struct refused_message *r, struct refused_message *than)
{
	return !than || r->at_ms < than->at_ms ? r : than;
}

/* The oldest gives way, of a session that has its part of them its own. What is known already, as a
 * process hears of its own cancellations, takes no other place. */
static struct refused_message *place_for(const char *session_id, const char *turn_id, bool goes_on)
{
	struct refused_message *oldest = NULL, *own = NULL;
	size_t                  own_n = 0;

	for (size_t i = 0; i < COUNT(refused); i++) {
		struct refused_message *r = &refused[i];

		if (is_same(r, session_id, turn_id, goes_on))
			return r;
		oldest = older(r, oldest);
		if (!str_equal(r->session_id, session_id))
			continue;
		own = older(r, own);
		own_n++;
	}
	return own_n < RUNNING_REFUSED_OF_SESSION ? oldest : own;
}

static const struct refused_message *note_refused(const char *session_id, const char *turn_id,
                                                  bool goes_on, uint64_t asked_ms)
{
	struct refused_message *r = place_for(session_id, turn_id, goes_on);
	bool                    is_known = is_same(r, session_id, turn_id, goes_on);

	if (!is_known || asked_ms > r->at_ms)
		r->at_ms = asked_ms;
	r->goes_on = goes_on;
	snprintf(r->session_id, sizeof(r->session_id), "%s", session_id);
	snprintf(r->turn_id, sizeof(r->turn_id), "%s", turn_id);
	return r;
}

static bool is_message(const struct running_message *m, const char *session_id, const char *turn_id)
{
	return str_equal(m->turn_id, turn_id) && str_equal(m->session_id, session_id);
}

/* One that was sent behind the cancellation is another. */
static bool is_refused(const struct running_message *m, const struct refused_message *r)
{
	return r->at_ms >= m->since_ms && r->goes_on <= m->goes_on &&
	       is_message(m, r->session_id, r->turn_id);
}

static bool was_refused(const struct running_message *m)
{
	bool was = false;

	for (size_t i = 0; i < COUNT(refused); i++)
		was |= is_refused(m, &refused[i]);
	return was;
}

struct running_message *running_message(struct ctx *cx, const char *session_id, const char *turn_id,
                                        bool goes_on, uint64_t since_ms)
{
	struct running_message *m = NEW(cx->arena, struct running_message);

	monitor_lock(&desk);
	*m = (struct running_message){messages, session_id, turn_id, goes_on, since_ms, cx->cancel};
	messages = m;
	if (was_refused(m))
		cancel_fire(m->cancel, CANCEL_SUPERSEDED);
	monitor_unlock(&desk);
	return m;
}

void running_message_end(struct running_message *message)
{
	struct running_message **at = &messages;

	monitor_lock(&desk);
	while (*at != message)
		at = &(*at)->next;
	*at = message->next;
	monitor_unlock(&desk);
}

bool running_has_message(const char *session_id, const char *turn_id)
{
	bool is_here = false;

	monitor_lock(&desk);
	for (const struct running_message *m = messages; m; m = m->next)
		is_here |= is_message(m, session_id, turn_id);
	monitor_unlock(&desk);
	return is_here;
}

bool running_cancel_message(const char *session_id, const char *turn_id, bool goes_on,
                            uint64_t asked_ms)
{
	const struct refused_message *r;
	bool                          was_here = false;

	monitor_lock(&desk);
	r = note_refused(session_id, turn_id, goes_on, asked_ms);
	for (struct running_message *m = messages; m; m = m->next)
		if (is_refused(m, r)) {
			cancel_fire(m->cancel, CANCEL_SUPERSEDED);
			was_here = true;
		}
	monitor_unlock(&desk);
	return was_here;
}
