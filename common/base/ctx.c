/* ctx.c -- asking a unit of work about itself. */
#include "ctx.h"

bool ctx_cancelled(const struct ctx *cx)
{
	return cancel_reason(cx->cancel) != CANCEL_NONE;
}

bool ctx_is_crowd(const struct ctx *cx)
{
	return cx->is_crowd && atomic_load(cx->is_crowd);
}

void ctx_keep_company(struct ctx *cx, unsigned (*on_lull)(void *data), void *data, unsigned ms)
{
	cx->on_lull = on_lull;
	cx->lull_data = data;
	cx->lull_at_ms = deadline_in(ms).at_ms;
}

enum waited ctx_wait(struct ctx *cx, struct monitor *m, const struct monitor_watch *w,
                     struct deadline until)
{
	struct deadline lull = DEADLINE_NEVER;
	enum waited     how;

	if (cx->on_lull)
		lull.at_ms = cx->lull_at_ms;
	how = monitor_wait(m, w, deadline_sooner(until, lull));
	if (how == WAIT_CANCELLED || deadline_left_ms(lull) > 0)
		return how;
	monitor_unlock(m);
	cx->lull_at_ms = deadline_in(cx->on_lull(cx->lull_data)).at_ms;
	monitor_lock(m);
	return WAIT_READY;
}

void ctx_detach(struct ctx *cx, unsigned ms)
{
	cx->cancel = NULL;
	cx->aside = NULL;
	cx->on_lull = NULL;
	cx->deadline = deadline_in(ms);
}
