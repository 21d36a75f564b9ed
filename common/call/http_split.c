/* http_split.c -- tells an event stream from one JSON object by its first character. */
#include "http_split.h"

static void give_event(const char *name, struct span data, void *to)
{
	struct http_split *s = to;

	s->fn(&(struct http_piece){name, data}, s->to);
}

struct http_split http_split(struct arena *a, size_t event_max, http_piece_fn *fn, void *to)
{
	return (struct http_split){
		.fn = fn,
		.to = to,
		.has_events = event_max > 0,
		.sse = sse_reader(a, event_max, give_event, NULL),
	};
}

/* White space before the first character belongs to neither kind. */
static bool begin(struct http_split *s, struct span bytes)
{
	struct span rest = span_trim(bytes);

	s->has_begun = rest.len > 0;
	s->is_events = s->has_events && rest.len && rest.ptr[0] != '{';
	return s->has_begun;
}

bool http_split_feed(struct http_split *s, struct span bytes)
{
	if (s->has_events && !s->has_begun && !begin(s, bytes))
		return true;
	if (!s->is_events) {
		s->fn(&(struct http_piece){NULL, bytes}, s->to);
		return true;
	}
	s->sse.to = s; /* a splitter may have moved since it was made */
	return sse_feed(&s->sse, bytes);
}
