/* clerk.c -- errands and the listener, each in a thread.
 *
 * What goes to and fro stands in lists under one lock. Nothing in them is shared: an errand
 * belongs to whoever took it from its list. */
#include "clerk.h"

#include "../../common/base/crypto.h"
#include "../../common/base/fatal.h"
#include "../../common/base/log.h"
#include "../../common/base/thread.h"
#include "../../common/base/wait.h"
#include "../../common/store/changes.h"

#define ERRANDS_MAX  2048u
#define AHEAD_MAX    8u    /* before somebody who waits to come in has a turn */
#define TOLD_MAX     8192u /* changes that wait to be looked at */
#define ERRAND_MS    5000u
#define LISTEN_MS    15000u /* and so long behind the last who was there */
#define BEGIN_MS     2000u  /* to listen */
#define PAUSE_MS     500u
#define PAUSE_MS_MAX 15000u
#define STACK_BYTES  ((size_t)256 * 1024)
#define ARENA_BYTES  8192

struct list {
	struct errand *first, *last;
	unsigned       n;
};

static struct {
	struct clerk_calls calls;
	struct monitor     news; /* over all lists */
	struct list        to_do, ahead, back;
	unsigned           in_a_row; /* taken from `ahead` */
	bool               is_full;  /* what is told is dropped until somebody has collected */
	struct cancel      stop;
	pthread_t          clerk, listener;
	struct monitor     watch; /* over what follows */
	bool               is_watched, is_listening;
	unsigned           missed_n; /* times that something may have been, and nobody was told yet */
	struct deadline    begins;   /* by then it should be listening */
} office = {.news = MONITOR, .watch = MONITOR};

static void add(struct list *l, struct errand *e)
{
	e->next = NULL;
	if (l->last)
		l->last->next = e;
	else
		l->first = e;
	l->last = e;
	l->n++;
}

static struct errand *take(struct list *l)
{
	struct errand *e = l->first;

	if (!e)
		return NULL;
	l->first = e->next;
	if (!l->first)
		l->last = NULL;
	l->n--;
	return e;
}

static void forget(struct errand *e)
{
	struct arena *a = e->arena;

	arena_free(&a);
}

static void clear(struct list *l)
{
	for (struct errand *e = take(l); e; e = take(l))
		forget(e);
}

struct errand *errand_new(void)
{
	struct arena  *a = arena_new(2048);
	struct errand *e = NEW(a, struct errand);

	e->arena = a;
	return e;
}

bool clerk_send(struct errand *e)
{
	struct list *l = e->is_ahead ? &office.ahead : &office.to_do;
	bool         has_room;

	monitor_lock(&office.news);
	has_room = l->n < ERRANDS_MAX;
	if (has_room)
		add(l, e);
	monitor_unlock(&office.news);
	if (has_room)
		monitor_tell(&office.news);
	else
		forget(e);
	return has_room;
}

/* True where it was accepted; calls whoever serves where nothing waited before. */
static bool bring_back(struct errand *e, unsigned max)
{
	bool is_first, has_room;

	monitor_lock(&office.news);
	is_first = office.back.n == 0;
	has_room = !max || office.back.n < max;
	if (has_room)
		add(&office.back, e);
	else
		office.is_full = true;
	monitor_unlock(&office.news);
	if (!has_room)
		forget(e);
	else if (is_first)
		office.calls.call();
	return has_room;
}

/* ---- the clerk ---- */

/* Of two lists, neither of which waits for the end of the other. */
static struct errand *take_next(void)
{
	bool is_ahead = office.ahead.n && (!office.to_do.n || office.in_a_row < AHEAD_MAX);

	office.in_a_row = is_ahead ? office.in_a_row + 1 : 0;
	return take(is_ahead ? &office.ahead : &office.to_do);
}

static struct errand *next_errand(void)
{
	struct monitor_watch watch;
	struct errand       *e = NULL;
	enum waited          waited = WAIT_READY;

	monitor_watch(&office.news, &watch, &office.stop);
	monitor_lock(&office.news);
	while (waited != WAIT_CANCELLED && !e) {
		e = take_next();
		if (!e)
			waited = monitor_wait(&office.news, &watch, DEADLINE_NEVER);
	}
	monitor_unlock(&office.news);
	monitor_unwatch(&watch);
	return e;
}

/* Who is let into a channel now is told of all that changes from now on. */
static void await_listener(void)
{
	struct monitor_watch w;
	enum waited          waited = WAIT_READY;

	monitor_watch(&office.watch, &w, &office.stop);
	monitor_lock(&office.watch);
	while (waited == WAIT_READY && office.is_watched && !office.is_listening)
		waited = monitor_wait(&office.watch, &w, office.begins);
	monitor_unlock(&office.watch);
	monitor_unwatch(&w);
}

static void *do_errands(void *data)
{
	(void)data;
	for (struct errand *e = next_errand(); e; e = next_errand()) {
		await_listener();
		struct ctx cx = {.arena = e->arena,
		                 .deadline = deadline_in(ERRAND_MS),
		                 .cancel = &office.stop};

		e->failed = e->run(&cx, e);
		if (e->failed && e->failed->kind != ERR_CANCELLED)
			log_err(LOG_WARN, &cx, "errand_failed", e->failed);
		bring_back(e, 0);
	}
	return NULL;
}

/* ---- the listener ---- */

static void done_told(struct errand *e, const struct err *failed)
{
	(void)failed;
	office.calls.told(e->what);
}

static void done_missed(struct errand *e, const struct err *failed)
{
	(void)e;
	(void)failed;
	office.calls.missed();
	monitor_lock(&office.watch);
	office.missed_n--;
	monitor_unlock(&office.watch);
}

static void tell(const char *told)
{
	struct errand *e = errand_new();

	e->what = arena_strdup(e->arena, told);
	e->done = done_told;
	bring_back(e, TOLD_MAX);
}

static void tell_missed(void)
{
	struct errand *e = errand_new();

	monitor_lock(&office.watch);
	office.missed_n++;
	monitor_unlock(&office.watch);
	e->done = done_missed;
	bring_back(e, 0);
}

void clerk_watch(bool is_watched)
{
	monitor_lock(&office.watch);
	office.is_watched = is_watched;
	office.begins = deadline_in(BEGIN_MS);
	monitor_tell_all(&office.watch);
	monitor_unlock(&office.watch);
}

bool clerk_is_listening(void)
{
	bool is;

	monitor_lock(&office.watch);
	is = office.is_listening && !office.missed_n;
	monitor_unlock(&office.watch);
	return is;
}

static bool is_watched(void)
{
	bool is;

	monitor_lock(&office.watch);
	is = office.is_watched;
	monitor_unlock(&office.watch);
	return is;
}

static void await_watchers(void)
{
	struct monitor_watch w;
	enum waited          waited = WAIT_READY;

	monitor_watch(&office.watch, &w, &office.stop);
	monitor_lock(&office.watch);
	while (waited == WAIT_READY && !office.is_watched)
		waited = monitor_wait(&office.watch, &w, DEADLINE_NEVER);
	monitor_unlock(&office.watch);
	monitor_unwatch(&w);
}

static void note_listening(bool is_listening)
{
	monitor_lock(&office.watch);
	office.is_listening = is_listening;
	monitor_tell_all(&office.watch);
	monitor_unlock(&office.watch);
}

static struct err *hear_on(struct ctx *cx)
{
	const char *told;

	while (is_watched() && !ctx_cancelled(cx)) {
		arena_reset(cx->arena);
		TRY(changes_wait(cx, LISTEN_MS, &told));
		if (told)
			tell(told);
	}
	return NULL;
}

static void *listen_for_changes(void *data)
{
	struct ctx cx = {.arena = arena_new(ARENA_BYTES), .cancel = &office.stop};
	unsigned   pause_ms = PAUSE_MS;

	(void)data;
	while (!ctx_cancelled(&cx)) {
		struct err *e;

		await_watchers();
		arena_reset(cx.arena);
		cx.deadline = deadline_in(ERRAND_MS);
		e = ctx_cancelled(&cx) ? NULL : changes_listen(&cx);
		if (!e) {
			pause_ms = PAUSE_MS;
			tell_missed(); /* before anybody is let in */
			note_listening(true);
			e = hear_on(&cx);
			note_listening(false);
		}
		changes_unlisten();
		if (!e || ctx_cancelled(&cx))
			continue;
		log_err(LOG_WARN, &cx, "changes_not_heard", e);
		wait_fds(&office.stop, NULL, 0,
		         deadline_in(pause_ms / 2 + crypto_random_below(pause_ms / 2 + 1)));
		pause_ms = pause_ms * 2 < PAUSE_MS_MAX ? pause_ms * 2 : PAUSE_MS_MAX;
	}
	arena_free(&cx.arena);
	return NULL;
}

/* ---- for the thread that serves ---- */

void clerk_collect(void)
{
	struct list come;
	bool        is_full;

	monitor_lock(&office.news);
	come = office.back;
	office.back = (struct list){.first = NULL};
	is_full = office.is_full;
	office.is_full = false;
	monitor_unlock(&office.news);
	for (struct errand *e = take(&come); e; e = take(&come)) {
		e->done(e, e->failed);
		forget(e);
	}
	if (is_full) {
		LOG(LOG_WARN, NULL, "changes_missed", F_INT("most", TOLD_MAX));
		office.calls.missed();
	}
}

void clerk_start(const struct clerk_calls *calls)
{
	office.calls = *calls;
	cancel_init(&office.stop);
	if (thread_start(&office.clerk, STACK_BYTES, do_errands, NULL) != 0 ||
	    thread_start(&office.listener, STACK_BYTES, listen_for_changes, NULL) != 0)
		fatal("cannot start the threads for the database");
}

void clerk_stop(void)
{
	cancel_fire(&office.stop, CANCEL_STOPPING);
	pthread_join(office.clerk, NULL);
	pthread_join(office.listener, NULL);
	cancel_end(&office.stop);
	clear(&office.to_do);
	clear(&office.ahead);
	clear(&office.back);
}
