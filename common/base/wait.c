/* wait.c -- poll(2) and condition variables, each with a deadline and a cancel. */
#include "wait.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- descriptors ---- */

static int poll_ms(struct deadline until)
{
	return until.at_ms == DEADLINE_NEVER.at_ms ? -1 : (int)deadline_left_ms(until);
}

/* Those asked for, and behind them the cancel's, which counts only where none of these is ready. */
enum waited wait_fds(struct cancel *cancel, struct pollfd *fds, size_t n, struct deadline until)
{
	struct pollfd all[WAIT_FDS_MAX + 1] = {0};
	int           ready;

	assert(n <= WAIT_FDS_MAX);
	for (size_t i = 0; i < n; i++)
		all[i] = fds[i];
	all[n] = (struct pollfd){.fd = cancel_fd(cancel), .events = POLLIN};
	do
		ready = poll(all, n + 1, poll_ms(until));
	while (ready < 0 && errno == EINTR);
	for (size_t i = 0; i < n; i++)
		fds[i].revents = all[i].revents;
	if (ready > (all[n].revents != 0))
		return WAIT_READY;
	return cancel_reason(cancel) ? WAIT_CANCELLED : WAIT_DEADLINE;
}

/* ---- condition variables ---- */

/* FUTEX_WAIT_BITSET takes a time of the monotonic clock, not a span. What it returns does not
 * matter: who waits looks again. */
static void eventcount_wait(struct eventcount *e, pthread_mutex_t *lock, struct deadline until)
{
	struct timespec at = deadline_timespec(until);
	bool            is_bounded = until.at_ms != DEADLINE_NEVER.at_ms;
	unsigned        round = atomic_load(&e->rounds);

	atomic_fetch_add(&e->waiting, 1);
	pthread_mutex_unlock(lock);
	syscall(SYS_futex, &e->rounds, FUTEX_WAIT_BITSET_PRIVATE, round, is_bounded ? &at : NULL, NULL,
	        FUTEX_BITSET_MATCH_ANY);
	pthread_mutex_lock(lock);
	atomic_fetch_sub(&e->waiting, 1);
}

/* Whoever begins to wait from here on sees the new round. */
static void eventcount_tell(struct eventcount *e, int most)
{
	atomic_fetch_add(&e->rounds, 1);
	if (atomic_load(&e->waiting))
		syscall(SYS_futex, &e->rounds, FUTEX_WAKE_PRIVATE, most);
}

void monitor_lock(struct monitor *m)
{
	pthread_mutex_lock(&m->lock);
}

void monitor_unlock(struct monitor *m)
{
	pthread_mutex_unlock(&m->lock);
}

void monitor_tell(struct monitor *m)
{
	eventcount_tell(&m->changed, 1);
}

void monitor_tell_all(struct monitor *m)
{
	eventcount_tell(&m->changed, INT_MAX);
}

static void wake_monitor(void *data)
{
	struct monitor *m = data;

	monitor_lock(m);
	monitor_tell_all(m);
	monitor_unlock(m);
}

void monitor_watch(struct monitor *m, struct monitor_watch *w, struct cancel *cancel)
{
	w->cancel = cancel;
	w->monitor = m;
	cancel_watch(cancel, &w->waiter, wake_monitor, m);
}

void monitor_unwatch(struct monitor_watch *w)
{
	cancel_unwatch(w->cancel, &w->waiter);
}

/* What there is to tell before a wait; WAIT_READY: nothing, wait. */
static enum waited before_wait(const struct cancel *cancel, struct deadline until)
{
	if (cancel_reason(cancel))
		return WAIT_CANCELLED;
	return deadline_left_ms(until) == 0 ? WAIT_DEADLINE : WAIT_READY;
}

enum waited monitor_wait(struct monitor *m, const struct monitor_watch *w, struct deadline until)
{
	enum waited how = before_wait(w ? w->cancel : NULL, until);

	if (how == WAIT_READY)
		eventcount_wait(&m->changed, &m->lock, until);
	return how;
}

/* ---- one of many ---- */

static void wake_waker(void *data)
{
	struct waker *w = data;

	pthread_mutex_lock(w->lock);
	waker_wake(w);
	pthread_mutex_unlock(w->lock);
}

void waker_begin(struct waker *w, pthread_mutex_t *lock, struct cancel *cancel)
{
	*w = (struct waker){.lock = lock, .cancel = cancel};
	cancel_watch(cancel, &w->waiter, wake_waker, w);
}

void waker_end(struct waker *w)
{
	cancel_unwatch(w->cancel, &w->waiter);
}

void waker_wake(struct waker *w)
{
	eventcount_tell(&w->called, 1);
}

enum waited waker_wait(struct waker *w, struct deadline until)
{
	enum waited how = before_wait(w->cancel, until);

	if (how == WAIT_READY)
		eventcount_wait(&w->called, w->lock, until);
	return how;
}

/* ---- first come, first served ---- */

/* Lies on the stack of who waits; all of it is guarded by the turnstile's lock. */
struct ticket {
	struct ticket *next;
	struct waker   waker;
	bool           has_place;
};

static void queue_up(struct turnstile *t, struct ticket *mine)
{
	if (t->last)
		t->last->next = mine;
	else
		t->first = mine;
	t->last = mine;
	t->waiting++;
}

static void walk_away(struct turnstile *t, struct ticket *mine)
{
	struct ticket *before = NULL;

	for (struct ticket *at = t->first; at != mine; at = at->next)
		before = at;
	*(before ? &before->next : &t->first) = mine->next;
	if (t->last == mine)
		t->last = before;
	t->waiting--;
}

static enum waited wait_in_line(struct turnstile *t, struct ticket *mine, struct deadline until)
{
	enum waited how = WAIT_READY;

	queue_up(t, mine);
	while (!mine->has_place && how == WAIT_READY)
		how = waker_wait(&mine->waker, until);
	if (mine->has_place)
		return WAIT_READY;
	walk_away(t, mine);
	return how;
}

enum waited turnstile_enter(struct turnstile *t, struct cancel *cancel, struct deadline until)
{
	struct ticket mine = {.has_place = false};
	enum waited   how = WAIT_READY;

	waker_begin(&mine.waker, &t->lock, cancel);
	pthread_mutex_lock(&t->lock);
	if (t->free)
		t->free--;
	else
		how = wait_in_line(t, &mine, until);
	pthread_mutex_unlock(&t->lock);
	waker_end(&mine.waker);
	return how;
}

void turnstile_leave(struct turnstile *t)
{
	struct ticket *next;

	pthread_mutex_lock(&t->lock);
	next = t->first;
	if (!next) {
		t->free++;
	} else {
		t->first = next->next;
		if (!t->first)
			t->last = NULL;
		t->waiting--;
		next->has_place = true;
		waker_wake(&next->waker);
	}
	pthread_mutex_unlock(&t->lock);
}

unsigned turnstile_waiting(struct turnstile *t)
{
	unsigned n;

	pthread_mutex_lock(&t->lock);
	n = t->waiting;
	pthread_mutex_unlock(&t->lock);
	return n;
}
