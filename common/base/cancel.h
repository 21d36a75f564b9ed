/* cancel.h -- the event that nobody wants a result any more.
 *
 * One per unit of work, fired by whoever knows (the client left, a newer turn
 * began, the process stops); what waits for it is woken, nothing polls. A task
 * has one of its own, linked to its parent's. Thread-safe, but that the object
 * must outlive whoever may fire it: it is unlinked or unwatched first.
 *
 * Lock order: a parent's cancel, its children's, then whatever a waiter's wake()
 * takes. So watch before you lock what wake() locks, and unwatch after. */
#ifndef CANCEL_H
#define CANCEL_H

#include "base.h"

#include <pthread.h>
#include <stdatomic.h>

/* Why; the first one told stays. */
enum cancel_reason {
	CANCEL_NONE,
	CANCEL_CLIENT_LEFT,
	CANCEL_SUPERSEDED, /* a newer turn of the session took over */
	CANCEL_STOPPING,   /* the process ends and its patience too */
	CANCEL_UNWANTED,   /* the one who asked for it gave it up */
	CANCEL_DISOWNED,   /* another process has taken the work over */
};

/* Woken when the cancel fires, from the firing thread, once; must not block for long. */
struct cancel_waiter {
	void (*wake)(void *data);
	void                 *data;
	struct cancel_waiter *next, **link; /* link NULL: not watching */
};

struct cancel {
	pthread_mutex_t       lock;
	_Atomic(unsigned)     reason; /* enum cancel_reason */
	int                   fd;     /* an eventfd, readable once fired; -1: nobody needed it yet */
	struct cancel_waiter *waiters;
	struct cancel_waiter  from_parent;
	struct cancel        *parent;
};

/* A cancel that is not fired. */
void cancel_init(struct cancel *c);

/* The same, and fires with the parent's reason when the parent does (at once if it has). The
 * parent must outlive it. NULL: like cancel_init. */
void cancel_init_child(struct cancel *c, struct cancel *parent);

/* Unlinks it from its parent and closes its descriptor. Nobody watches or fires it any more. */
void cancel_end(struct cancel *c);

/* Fires it; later calls change nothing. */
void cancel_fire(struct cancel *c, enum cancel_reason why);

/* CANCEL_NONE while it is not fired. One atomic load. NULL: never fires. */
enum cancel_reason cancel_reason(const struct cancel *c);

/* From now until unwatch, a firing calls wake(data): at once when it has fired. NULL c: never. */
void cancel_watch(struct cancel *c, struct cancel_waiter *w, void (*wake)(void *data), void *data);
void cancel_unwatch(struct cancel *c, struct cancel_waiter *w);

/* A descriptor that polls readable once fired; made at the first call. -1: there are no more
 * descriptors, or c is NULL. */
int cancel_fd(struct cancel *c);

#endif
