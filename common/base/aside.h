/* aside.h -- what the thread of a unit of work does besides, while it waits for something else.
 *
 * Tasks beside it leave things and ring; where it waits for an outside service (ctx.aside) it looks
 * at once, and when it wanted to look by itself. So it needs no second thread that does nothing but
 * wait. */
#ifndef ASIDE_H
#define ASIDE_H

#include "ctx.h"

#include <stdatomic.h>

struct aside {
	struct monitor    monitor;   /* guards what is left for the thread, and `elsewhere` */
	struct monitor   *elsewhere; /* where the thread waits; NULL: nowhere, or here */
	_Atomic(unsigned) rings;

	/* The thread's own. */
	unsigned        seen;     /* rings */
	struct deadline due;      /* it looks by then though nobody rings; DEADLINE_NEVER: no */
	bool (*look)(void *data); /* false: nothing is worth waiting for any more */
	void *data;
};

/* One that nobody has rung and that is never due. */
void aside_init(struct aside *a, bool (*look)(void *data), void *data);

/* From any thread, with the monitor's lock held: there is something to look at. */
void aside_ring(struct aside *a);

/* ---- by the thread whose aside it is; `a` may be NULL, which is never due, but to wait ---- */

/* Has it been rung since it was looked at, or is it time? */
bool            aside_is_due(const struct aside *a);
struct deadline aside_due(const struct aside *a);

/* Looks: what is rung from here on is another call. It is due never, unless look() says when. */
bool aside_look(struct aside *a);

/* It waits at m from here on, where a ring wakes it, until m is NULL. Not with the lock of m, which
 * is taken behind the aside's. */
void aside_move(struct aside *a, struct monitor *m);

/* Waits here until it is due, the deadline, or the cancel; keeps company (ctx.h). */
enum waited aside_wait(struct ctx *cx, struct aside *a, struct deadline until);

#endif
