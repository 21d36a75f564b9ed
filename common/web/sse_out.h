/* sse_out.h -- replies as server-sent events, each on its way to the client when its call returns.
 *
 * All calls belong to the thread of the request. Nothing is sent before
 * sse_start, so what is wrong with a request is still told by a status. */
#ifndef SSE_OUT_H
#define SSE_OUT_H

#include "req.h"

#define SSE_MEDIA_TYPE "text/event-stream"
#define SSE_PING_MS    2000u /* a silence of so long is broken by a comment */

struct sse_out;

/* Begins the stream: the head leaves at once. A client that is gone already shows at
 * the first event. */
struct sse_out *sse_start(struct req *rq) NEVER_NULL;

/* Where the JSON of the next event may be made: given back when that has been sent. */
struct arena *sse_memory(struct sse_out *s) NEVER_NULL;

/* One event with JSON as its data. ERR_CANCELLED when the client is gone. */
struct err *sse_event(struct sse_out *s, const char *name, struct span json) CHECKED;

/* Fits ctx.on_lull with the stream as its data: while others are waited for, the client and all
 * between hear a comment where nothing was said for SSE_PING_MS. A client found gone fires the
 * request's cancel. */
unsigned sse_keep_alive(void *s);

/* The event `error` {error, code, request_id} for a request whose stream has begun. The
 * last thing that is sent. */
void sse_fail(struct req *rq, const struct err *e);

#endif
