/* sse_reader.h -- text/event-stream as WHATWG defines it, fed in any pieces.
 *
 * Ids and reconnection times are read over: nobody here reconnects. */
#ifndef SSE_READER_H
#define SSE_READER_H

#include "../base/str.h"

#define SSE_NAME_MAX 63

/* One event: its name ("message" when it has none) and its data lines joined by
 * line feeds, both valid during the call only; data is NUL-terminated behind its length. */
typedef void sse_fn(const char *name, struct span data, void *to);

struct sse_reader {
	sse_fn    *fn;
	void      *to;
	struct buf line, data;
	char       name[SSE_NAME_MAX + 1];
	bool       has_begun, has_data, after_cr, is_broken;
};

/* `event_max` bounds one line and the data of one event, in bytes. */
struct sse_reader sse_reader(struct arena *a, size_t event_max, sse_fn *fn, void *to);

/* Calls fn for every event that ends in this piece. An event the stream ends
 * within is never delivered. False, now and later, once an event was too large. */
bool sse_feed(struct sse_reader *r, struct span piece) CHECKED;

#endif
