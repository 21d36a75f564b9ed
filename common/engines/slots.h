/* slots.h -- a fixed number of places to work in, for engines that burn processor time.
 *
 * More threads than cores inside one engine only make each of them late, so
 * those who find no free slot wait, first come, first served. Thread-safe.
 * Initialise with SLOTS(n). */
#ifndef SLOTS_H
#define SLOTS_H

#include "../base/ctx.h"
#include "../base/wait.h"

#define SLOTS_MAX 16u

struct slots {
	struct turnstile turnstile;
	pthread_mutex_t  lock; /* of is_taken */
	unsigned         n;    /* at most SLOTS_MAX */
	bool             is_taken[SLOTS_MAX];
};
#define SLOTS(count) \
	{ \
		.turnstile = TURNSTILE(count), .lock = PTHREAD_MUTEX_INITIALIZER, .n = (count) \
	}

/* Another number of slots, at most SLOTS_MAX; before the first is taken. */
void slots_resize(struct slots *slots, unsigned n);

/* Waits for a slot within the deadline; *slot_out is below n and nobody
 * else's until slots_give. ERR_UNAVAILABLE: all were busy until the deadline.
 * ERR_CANCELLED: nobody waits for the result any more. */
struct err *slots_take(struct ctx *cx, struct slots *slots, unsigned *slot_out) CHECKED;

/* Gives back what slots_take gave; never fails. */
void slots_give(struct slots *slots, unsigned slot);

#endif
