/* slots.c -- a mutex, a condition and a short nap. */
#include "slots.h"

#include <time.h>

/* Waits are cut into naps so that a deadline moved by a test's clock and a
 * client who left are noticed. */
#define NAP_MS 20

static void nap(struct slots *slots)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += NAP_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&slots->given_back, &slots->lock, &until);
}

static bool take_free(struct slots *slots, unsigned *slot_out)
{
	for (unsigned i = 0; i < slots->n; i++)
		if (!slots->is_taken[i]) {
			slots->is_taken[i] = true;
			*slot_out = i;
			return true;
		}
	return false;
}

struct err *slots_take(struct ctx *cx, struct slots *slots, unsigned *slot_out)
{
	bool is_mine, is_cancelled = false;

	pthread_mutex_lock(&slots->lock);
	is_mine = take_free(slots, slot_out);
	while (!is_mine && !is_cancelled && deadline_left_ms(cx->deadline) > 0) {
		nap(slots);
		is_mine = take_free(slots, slot_out);
		is_cancelled = !is_mine && ctx_cancelled(cx);
	}
	pthread_mutex_unlock(&slots->lock);
	if (is_mine)
		return NULL;
	if (is_cancelled)
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for a slot");
	FAIL(cx, ERR_UNAVAILABLE, "all %u slots stayed busy", slots->n);
}

void slots_give(struct slots *slots, unsigned slot)
{
	pthread_mutex_lock(&slots->lock);
	slots->is_taken[slot] = false;
	pthread_cond_signal(&slots->given_back);
	pthread_mutex_unlock(&slots->lock);
}
