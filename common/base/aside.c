/* aside.c -- a bell that is heard at whatever monitor its thread waits. */
#include "aside.h"

void aside_init(struct aside *a, bool (*look)(void *data), void *data)
{
	*a = (struct aside){.monitor = MONITOR, .due = DEADLINE_NEVER, .look = look, .data = data};
}

void aside_ring(struct aside *a)
{
	atomic_fetch_add(&a->rings, 1);
	monitor_tell_all(&a->monitor);
	if (!a->elsewhere)
		return;
	monitor_lock(a->elsewhere);
	monitor_tell_all(a->elsewhere);
	monitor_unlock(a->elsewhere);
}

bool aside_is_due(const struct aside *a)
{
	return a && (atomic_load(&a->rings) != a->seen || deadline_left_ms(a->due) == 0);
}

struct deadline aside_due(const struct aside *a)
{
	return a ? a->due : DEADLINE_NEVER;
}

bool aside_look(struct aside *a)
{
	a->seen = atomic_load(&a->rings);
	a->due = DEADLINE_NEVER;
	return a->look(a->data);
}

void aside_move(struct aside *a, struct monitor *m)
{
	if (!a)
		return;
	monitor_lock(&a->monitor);
	a->elsewhere = m;
	monitor_unlock(&a->monitor);
}

enum waited aside_wait(struct ctx *cx, struct aside *a, struct deadline until)
{
	struct monitor_watch watch;
	enum waited          how = WAIT_READY;

	monitor_watch(&a->monitor, &watch, cx->cancel);
	monitor_lock(&a->monitor);
	while (how == WAIT_READY && !aside_is_due(a))
		how = ctx_wait(cx, &a->monitor, &watch, deadline_sooner(until, a->due));
	monitor_unlock(&a->monitor);
	monitor_unwatch(&watch);
	return how == WAIT_DEADLINE && aside_is_due(a) ? WAIT_READY : how;
}
