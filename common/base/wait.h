/* wait.h -- the ways to wait: for descriptors, for time, for one's turn, for news.
 *
 * Each ends at a deadline or when the cancel fires, whichever is first; either
 * may be absent (NULL cancel, DEADLINE_NEVER). Nothing polls. Thread-safe. */
#ifndef WAIT_H
#define WAIT_H

#include "cancel.h"
#include "clock.h"

#include <poll.h>

enum waited { WAIT_READY, WAIT_DEADLINE, WAIT_CANCELLED };

/* Until one of the n descriptors (at most WAIT_FDS_MAX) is ready, as poll(2) tells in revents; with
 * n 0 it sleeps. What is ready counts before a cancel that fired at the same time. */
#define WAIT_FDS_MAX 8
enum waited wait_fds(struct cancel *cancel, struct pollfd *fds, size_t n, struct deadline until);

/* A condition variable as an eventcount: who waits looks at the number of rounds with the lock held
 * and sleeps while it stays the same. glibc's takes its mutex back as a contended one, which makes
 * a second system call of each wake. */
struct eventcount {
	atomic_uint rounds, waiting;
};

/* A condition variable on the monotonic clock with its mutex. The state it guards is the
 * caller's: lock, look, wait, look again. */
struct monitor {
	pthread_mutex_t   lock;
	struct eventcount changed;
};
#define MONITOR \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}
void monitor_lock(struct monitor *m);
void monitor_unlock(struct monitor *m);
void monitor_tell(struct monitor *m);     /* wakes one; with or without the lock held */
void monitor_tell_all(struct monitor *m); /* wakes everybody */

/* A monitor's waiter who a cancel wakes too: monitor_watch before monitor_lock, monitor_unwatch
 * after monitor_unlock. */
struct monitor_watch {
	struct cancel       *cancel;
	struct monitor      *monitor;
	struct cancel_waiter waiter;
};
void monitor_watch(struct monitor *m, struct monitor_watch *w, struct cancel *cancel);
void monitor_unwatch(struct monitor_watch *w);

/* With the lock held: until told (also for no reason), the deadline, or the cancel of w (which
 * may be NULL). */
enum waited monitor_wait(struct monitor *m, const struct monitor_watch *w, struct deadline until);

/* What wakes one of many who wait under the same lock, and nobody else: each has its own, on its
 * stack. waker_begin before the lock is taken, waker_end after it was given back; the cancel, which
 * may be NULL, wakes it too. */
struct waker {
	pthread_mutex_t     *lock;
	struct eventcount    called;
	struct cancel       *cancel;
	struct cancel_waiter waiter;
};
void waker_begin(struct waker *w, pthread_mutex_t *lock, struct cancel *cancel);
void waker_end(struct waker *w);

/* With the lock held. waker_wait: until woken (also for no reason), the deadline, or the cancel. */
void        waker_wake(struct waker *w);
enum waited waker_wait(struct waker *w, struct deadline until);

/* A number of places, given out first come, first served. A place given back goes to
 * who has waited longest; nobody overtakes. */
struct turnstile {
	pthread_mutex_t lock;
	struct ticket  *first, *last; /* those who wait */
	unsigned        free, waiting;
};
#define TURNSTILE(places) \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER, .free = (places) \
	}

/* Takes a place, waiting for it. Only WAIT_READY has one, to be given back by turnstile_leave. */
enum waited turnstile_enter(struct turnstile *t, struct cancel *cancel, struct deadline until);
void        turnstile_leave(struct turnstile *t);

/* How many wait at this moment. */
unsigned turnstile_waiting(struct turnstile *t);

#endif
