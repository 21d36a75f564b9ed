/* ctx.c -- the unit of work. */
#include "ctx.h"

bool ctx_cancelled(const struct ctx *cx)
{
	return cx->is_cancelled && cx->is_cancelled(cx->cancel_data);
}
