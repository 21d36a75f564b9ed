/* slots.c -- a turnstile, and which of the places behind it is whose. */
#include "slots.h"

void slots_resize(struct slots *slots, unsigned n)
{
	slots->n = slots->turnstile.free = n;
}

/* Who is through the turnstile finds one. */
static unsigned pick(struct slots *slots)
{
	unsigned slot = 0;

	pthread_mutex_lock(&slots->lock);
	while (slots->is_taken[slot])
		slot++;
	slots->is_taken[slot] = true;
	pthread_mutex_unlock(&slots->lock);
	return slot;
}

struct err *slots_take(struct ctx *cx, struct slots *slots, unsigned *slot_out)
{
	enum waited how = turnstile_enter(&slots->turnstile, cx->cancel, cx->deadline);

	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for a slot");
	if (how == WAIT_DEADLINE)
		FAIL(cx, ERR_UNAVAILABLE, "all %u slots stayed busy", slots->n);
	*slot_out = pick(slots);
	return NULL;
}

void slots_give(struct slots *slots, unsigned slot)
{
	pthread_mutex_lock(&slots->lock);
	slots->is_taken[slot] = false;
	pthread_mutex_unlock(&slots->lock);
	turnstile_leave(&slots->turnstile);
}
