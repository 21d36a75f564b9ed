/* heartbeat.c -- one thread, over the connection beside the pool.
 *
 * Beside it, for a beat that waits behind fifty turns is late when it matters. That it was silent
 * for too long the process knows by its monotonic clock, so that no clock of another host counts;
 * what that cost it only the database can tell, once a beat arrives again. What is held shorter
 * than one interval costs no beat: a turn or lock of the last second is a sign of life itself
 * (is_held() in the database).
 *
 * Doubts are settled after each beat, for as long as a statement may still be under way on the
 * server: one that waits for a lock can commit after its client gave it up. */
#include "heartbeat.h"

#include "../base/crypto.h"
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "../db/db.h"
#include "../db/db_side.h"
#include "../store/idempotency.h"
#include "../store/instances.h"
#include "../store/turns.h"

#include <assert.h>
#include <unistd.h>

#define ARENA_BYTES 4096u
#define STACK_BYTES ((size_t)1 << 20)
#define BEAT_MS     300u
#define BEAT_MS_MAX 2000u /* then it goes over another connection */
#define LATE_MS     700u  /* between two good beats: others may have counted it as dead */
#define RETRY_MS    200u
#define LEAVE_MS    700u
#define REST_MS     60000u /* without anything to do: then the connection is closed */
#define SETTLE_MS   300u
#define DOUBT_MS    35000u /* the database ends a statement after 30 s */
#define DOUBTS_MAX  256u   /* the oldest is dropped: ends_by and locked_until are left */

struct hold {
	struct cancel *cancel;
	const char    *session_id, *claim; /* session_id NULL: of a key */
	uint64_t       since_ms;
	struct hold   *next, **link;
};

struct doubt {
	char     session_id[CRYPTO_UUID_CHARS + 1]; /* empty: a key */
	char     claim[CRYPTO_UUID_CHARS + 1];
	uint64_t until_ms;
};

/* Why turns or keys may have been lost. */
struct reasons {
	bool was_silent, was_deaf;
};

static struct {
	struct monitor  news; /* of all here */
	struct cancel   stop;
	pthread_t       thread;
	bool            is_started, is_running; /* the office; its thread */
	struct instance self;
	struct hold    *holds;
	struct doubt    doubts[DOUBTS_MAX];
	size_t          doubts_n;
	uint64_t        alive_ms, next_ms; /* the last good beat began; the next one begins */
	struct reasons  reasons;
	bool            is_failing;
	bool            has_row;
	bool            has_conn; /* keeps it from its rest */
} office = {.news = MONITOR};

/* ---- with the lock held ---- */

static bool is_busy(void)
{
	return office.holds || office.doubts_n;
}

static void begin_life(uint64_t now)
{
	office.alive_ms = now;
	office.next_ms = now + BEAT_MS;
}

static void note_silence(uint64_t now)
{
	uint64_t silent_ms = clock_elapsed_ms(office.alive_ms, now);

	if (silent_ms < LATE_MS)
		return;
	LOG(LOG_WARN, NULL, "instance_was_silent", F_INT("ms", silent_ms));
	office.reasons.was_silent = true;
}

/* With nothing to own there is no beat, only a connection to let go of. */
static struct deadline next_look(uint64_t rest_until)
{
	if (is_busy())
		return (struct deadline){office.next_ms};
	if (office.has_conn)
		return (struct deadline){rest_until};
	return DEADLINE_NEVER;
}

/* False when it is time to stop. */
static bool wait_until_due(struct monitor_watch *watch)
{
	uint64_t rest_until = clock_mono_ms() + REST_MS;

	for (;;) {
		uint64_t now = clock_mono_ms();

		if (cancel_reason(&office.stop))
			return false;
		if (!is_busy() && office.has_conn && now >= rest_until) {
			db_side_rest();
			office.has_conn = false;
		}
		if (is_busy() && now >= office.next_ms)
			return true;
		monitor_wait(&office.news, watch, next_look(rest_until));
	}
}

/* -1: it is not among them. */
static int row_of(const struct db_rows *rows, const char *claim)
{
	for (int i = 0; i < rows->count; i++)
		if (str_equal(row_text(rows, i, 0), claim))
			return i;
	return -1;
}

/* ---- the thread ---- */

static void drop_settled(const struct db_rows *turns, const struct db_rows *keys)
{
	uint64_t now = clock_mono_ms();
	size_t   kept = 0;

	monitor_lock(&office.news);
	for (size_t i = 0; i < office.doubts_n; i++) {
		struct doubt *d = &office.doubts[i];

		if (now < d->until_ms && row_of(d->session_id[0] ? turns : keys, d->claim) < 0)
			office.doubts[kept++] = *d;
	}
	office.doubts_n = kept;
	monitor_unlock(&office.news);
}

/* "{a,b" of PostgreSQL, still open. */
static void list_add(struct buf *list, const char *id)
{
	buf_printf(list, "%s%s", list->len ? "," : "{", id);
}

/* The doubts of now as three arrays; false when there are none. */
static bool list_doubts(struct buf *sessions, struct buf *claims, struct buf *keys)
{
	bool any;

	monitor_lock(&office.news);
	any = office.doubts_n > 0;
	for (size_t i = 0; i < office.doubts_n; i++) {
		const struct doubt *d = &office.doubts[i];

		if (d->session_id[0])
			list_add(sessions, d->session_id);
		list_add(d->session_id[0] ? claims : keys, d->claim);
	}
	monitor_unlock(&office.news);
	return any;
}

static const char *array_of(struct buf *b)
{
	buf_printf(b, b->len ? "}" : "{}");
	return buf_text(b);
}

static struct err *settle_doubts(struct ctx *cx)
{
	struct buf sessions = buf_new(cx->arena, 0), claims = buf_new(cx->arena, 0),
			   keys = buf_new(cx->arena, 0);
	struct db_rows turns_found, keys_found;

	if (!list_doubts(&sessions, &claims, &keys))
		return NULL;
	cx->deadline = deadline_in(SETTLE_MS);
	TRY(turns_abandon(cx, array_of(&sessions), array_of(&claims), &turns_found));
	TRY(idempotency_abandon(cx, array_of(&keys), &keys_found));
	drop_settled(&turns_found, &keys_found);
	return NULL;
}

/* A key of this moment may still be on its way to the database. */
static void list_holds(struct buf *sessions, struct buf *claims, struct buf *keys)
{
	uint64_t before_ms = clock_mono_ms() - BEAT_MS;

	monitor_lock(&office.news);
	for (const struct hold *h = office.holds; h; h = h->next) {
		if (h->session_id)
			list_add(sessions, h->session_id);
		if (h->session_id || h->since_ms < before_ms)
			list_add(h->session_id ? claims : keys, h->claim);
	}
	monitor_unlock(&office.news);
}

/* Of who was silent the same message may be answered elsewhere by now. */
static enum cancel_reason why_lost(const struct hold *h, const struct db_rows *turns,
                                   const struct db_rows *keys, bool was_silent)
{
	int row = row_of(h->session_id ? turns : keys, h->claim);

	if (row < 0)
		return CANCEL_NONE;
	return h->session_id && !was_silent && row_bool(turns, row, 1) ? CANCEL_SUPERSEDED
	                                                               : CANCEL_DISOWNED;
}

static void cancel_lost(const struct db_rows *turns, const struct db_rows *keys, bool was_silent)
{
	monitor_lock(&office.news);
	for (const struct hold *h = office.holds; h; h = h->next) {
		enum cancel_reason why = why_lost(h, turns, keys, was_silent);

		if (why)
			cancel_fire(h->cancel, why);
	}
	monitor_unlock(&office.news);
}

/* What comes from here on is a reason to look again. */
static struct reasons take_reasons(void)
{
	struct reasons taken;

	monitor_lock(&office.news);
	taken = office.reasons;
	office.reasons = (struct reasons){false};
	monitor_unlock(&office.news);
	return taken;
}

static void keep_reasons(struct reasons reasons)
{
	monitor_lock(&office.news);
	office.reasons.was_silent |= reasons.was_silent;
	office.reasons.was_deaf |= reasons.was_deaf;
	monitor_unlock(&office.news);
}

static struct err *find_lost(struct ctx *cx, bool was_silent)
{
	struct buf sessions = buf_new(cx->arena, 0), claims = buf_new(cx->arena, 0),
			   keys = buf_new(cx->arena, 0);
	struct db_rows turns_lost, keys_lost;

	list_holds(&sessions, &claims, &keys);
	TRY(turns_taken_over(cx, array_of(&sessions), array_of(&claims), &turns_lost));
	TRY(idempotency_taken_over(cx, array_of(&keys), &keys_lost));
	cancel_lost(&turns_lost, &keys_lost, was_silent);
	return NULL;
}

static struct err *look_for_lost(struct ctx *cx)
{
	struct reasons reasons = take_reasons();
	struct err    *e = NULL;

	if (reasons.was_silent || reasons.was_deaf)
		e = find_lost(cx, reasons.was_silent);
	if (e)
		keep_reasons(reasons);
	return e;
}

static void note_beat(uint64_t began_ms, const struct err *e)
{
	uint64_t now;

	monitor_lock(&office.news);
	now = clock_mono_ms(); /* a life may have begun just now */
	if (e) {
		office.next_ms = now + RETRY_MS;
	} else {
		note_silence(now);
		office.alive_ms = began_ms;
		office.next_ms = began_ms + BEAT_MS;
		office.has_row = office.has_conn = true;
	}
	monitor_unlock(&office.news);
}

static struct err *beat_once(struct ctx *cx)
{
	uint64_t    began_ms = clock_mono_ms();
	struct err *e = instance_beat(cx, &office.self);

	note_beat(began_ms, e);
	TRY(e);
	TRY(look_for_lost(cx));
	return settle_doubts(cx);
}

static void beat(struct ctx *cx)
{
	struct err *e = db_side_enter(cx);

	if (e) {
		note_beat(clock_mono_ms(), e);
	} else {
		e = beat_once(cx);
		db_side_leave(cx, e);
	}
	if (e && !office.is_failing) /* the first of a row tells it all */
		log_err(LOG_WARN, cx, "beat_failed", e);
	office.is_failing = e != NULL;
}

static void leave(struct ctx *cx)
{
	struct err *e = NULL;

	ctx_detach(cx, LEAVE_MS);
	if (office.has_row) /* else, or in vain: silence says the same a second later */
		e = instance_end(cx, office.self.id);
	if (e)
		log_err(LOG_DEBUG, cx, "instance_not_ended", e);
	db_side_rest();
}

static void *beat_on(void *data)
{
	struct ctx           cx = {.arena = arena_new(ARENA_BYTES)};
	struct monitor_watch watch;

	(void)data;
	monitor_watch(&office.news, &watch, &office.stop);
	monitor_lock(&office.news);
	while (wait_until_due(&watch)) {
		arena_reset(cx.arena);
		cx.deadline = deadline_in(BEAT_MS_MAX);
		monitor_unlock(&office.news);
		beat(&cx);
		monitor_lock(&office.news);
	}
	monitor_unlock(&office.news);
	monitor_unwatch(&watch);
	leave(&cx);
	arena_free(&cx.arena);
	return NULL;
}

static void start_thread(void)
{
	if (thread_start(&office.thread, STACK_BYTES, beat_on, NULL) != 0)
		fatal("cannot start the heartbeat");
	office.is_running = true;
}

/* ---- the others ---- */

static void release(void *data)
{
	struct hold *h = data;

	monitor_lock(&office.news);
	*h->link = h->next;
	if (h->next)
		h->next->link = h->link;
	monitor_unlock(&office.news);
}

/* With the lock held, before anything is added. */
static void wake_up(void)
{
	assert(office.is_started);
	if (!office.is_running)
		start_thread();
	if (!is_busy())
		begin_life(clock_mono_ms());
	monitor_tell(&office.news);
}

const char *heartbeat_hold(struct ctx *cx, const char *session_id, const char *claim)
{
	struct hold *h = NEW(cx->arena, struct hold);
	const char  *id;

	*h = (struct hold){
		.cancel = cx->cancel,
		.session_id = session_id,
		.claim = claim,
		.since_ms = clock_mono_ms(),
	};
	monitor_lock(&office.news);
	wake_up();
	id = arena_strdup(cx->arena, office.self.id);
	h->next = office.holds;
	if (h->next)
		h->next->link = &h->next;
	h->link = &office.holds;
	office.holds = h;
	monitor_unlock(&office.news);
	arena_defer(cx->arena, release, h);
	return id;
}

static void doubt(const char *session_id, const char *claim)
{
	struct doubt *d;

	monitor_lock(&office.news);
	wake_up();
	if (office.doubts_n == DOUBTS_MAX) {
		office.doubts_n--;
		for (size_t i = 0; i < office.doubts_n; i++)
			office.doubts[i] = office.doubts[i + 1];
	}
	d = &office.doubts[office.doubts_n++];
	d->until_ms = clock_mono_ms() + DOUBT_MS;
	snprintf(d->session_id, sizeof(d->session_id), "%s", session_id);
	snprintf(d->claim, sizeof(d->claim), "%s", claim);
	office.next_ms = clock_mono_ms();
	monitor_unlock(&office.news);
}

void heartbeat_doubt_turn(const char *session_id, const char *claim)
{
	doubt(session_id, claim);
}

void heartbeat_doubt_key(const char *claim)
{
	doubt("", claim);
}

void heartbeat_look(void)
{
	monitor_lock(&office.news);
	if (office.holds) {
		office.reasons.was_deaf = true;
		office.next_ms = clock_mono_ms();
		monitor_tell(&office.news);
	}
	monitor_unlock(&office.news);
}

void heartbeat_start(const char *program)
{
	static char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	crypto_uuid(office.self.id);
	office.self.host = host;
	office.self.program = program;
	office.self.pid = (int)getpid();
	cancel_init(&office.stop);
	office.is_started = true;
}

void heartbeat_stop(void)
{
	cancel_fire(&office.stop, CANCEL_STOPPING);
	if (office.is_running)
		pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
}
