/* ctx.c -- asking a unit of work about itself. */
#include "ctx.h"

bool ctx_cancelled(const struct ctx *cx)
{
	return cancel_reason(cx->cancel) != CANCEL_NONE;
}

void ctx_detach(struct ctx *cx, unsigned ms)
{
	cx->cancel = NULL;
	cx->on_lull = NULL;
	cx->deadline = deadline_in(ms);
}
