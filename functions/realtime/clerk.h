/* clerk.h -- what waits for the database, beside the thread that serves.
 *
 * One thread does errands, in their order, those of who is inside first; another listens for
 * changes while somebody is there to be told: what a turn changes costs it nothing else. What they
 * bring back is taken by the thread that serves, when it is called. */
#ifndef CLERK_H
#define CLERK_H

#include "../../common/base/ctx.h"

struct errand {
	struct arena *arena; /* its own, which holds it; the clerk's while it is under way */
	/* By the clerk. What it says of success is for done(). */
	struct err *(*run)(struct ctx *cx, struct errand *e);
	/* By the thread that serves; the errand and what it holds end after it. `failed` is what run
	 * returned. */
	void (*done)(struct errand *e, const struct err *failed);
	void          *what;     /* in the arena */
	bool           is_ahead; /* of who waits to come in: what is told to, or of, those inside */
	struct err    *failed;
	struct errand *next;
};

/* Starts both threads. call() wakes the thread that serves, which then calls clerk_collect(); so
 * does told() of what changed, in that thread, and missed() where something may have been. */
struct clerk_calls {
	void (*call)(void);
	void (*told)(const char *what);
	void (*missed)(void);
};
void clerk_start(const struct clerk_calls *calls);

/* Somebody has come who may want to know, or the last has left. An errand that is sent while
 * somebody is there is done once changes are listened for, or this can not be had. */
void clerk_watch(bool is_watched);

/* From now on changes are told, and who is here already knows that some may have been missed: who
 * comes now has missed none. */
bool clerk_is_listening(void);

/* A new errand, to be filled and sent. */
struct errand *errand_new(void) NEVER_NULL;

/* False when too many are under way: it is over, and done() is not called. */
bool clerk_send(struct errand *e) CHECKED;

/* Calls done() and told() for all that has come back. */
void clerk_collect(void);

/* Ends both threads; what is under way is given up. */
void clerk_stop(void);

#endif
