/* slots.h -- a fixed number of places to work in, for engines that burn processor time.
 *
 * More threads than cores inside one engine only make each of them late, so
 * those who find no free slot wait. Thread-safe. Initialise with SLOTS(n). */
#ifndef SLOTS_H
#define SLOTS_H

#include "../base/ctx.h"

#include <pthread.h>

#define SLOTS_MAX 16u

struct slots {
	pthread_mutex_t lock;
	pthread_cond_t  given_back;
	unsigned        n; /* at most SLOTS_MAX; set before the first use */
	bool            is_taken[SLOTS_MAX];
};
#define SLOTS(count) \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER, .given_back = PTHREAD_COND_INITIALIZER, .n = (count) \
	}

/* Waits for a slot within the deadline; *slot_out is below n and nobody
 * else's until slots_give. ERR_UNAVAILABLE: all were busy until the deadline.
 * ERR_CANCELLED: nobody waits for the result any more. */
struct err *slots_take(struct ctx *cx, struct slots *slots, unsigned *slot_out) CHECKED;

/* Gives back what slots_take gave; never fails. */
void slots_give(struct slots *slots, unsigned slot);

#endif
