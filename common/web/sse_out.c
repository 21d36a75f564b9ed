/* sse_out.c -- replies as server-sent events. */
#include "sse_out.h"

#define EVENT_BYTES 2048u /* most events are a few words */

struct sse_out {
	struct req   *rq;
	struct arena *event; /* what is sent next is made there */
	uint64_t      sent_at_ms;
	bool          is_gone;
};

static const struct span comment = {":\n\n", 3};

static void send_piece(struct sse_out *s, struct span bytes)
{
	s->sent_at_ms = clock_mono_ms();
	if (!s->is_gone)
		s->is_gone = !req_stream_piece(s->rq, bytes);
	if (s->is_gone && req_ctx(s->rq)->cancel)
		cancel_fire(req_ctx(s->rq)->cancel, CANCEL_CLIENT_LEFT);
}

/* JSON has no line ends outside its strings and none inside: one data line holds it. */
static struct span event_text(struct arena *a, const char *name, struct span json)
{
	struct buf text = buf_new(a, json.len + strlen(name) + 32);

	buf_printf(&text, "event: %s\ndata: ", name);
	buf_add(&text, json.ptr, json.len);
	buf_str(&text, "\n\n");
	return buf_span(&text);
}

static void free_event(void *data)
{
	struct sse_out *s = data;

	arena_free(&s->event);
}

struct sse_out *sse_start(struct req *rq)
{
	struct sse_out *s = NEW(req_ctx(rq)->arena, struct sse_out);

	s->rq = rq;
	s->event = arena_new(EVENT_BYTES);
	arena_defer(req_ctx(rq)->arena, free_event, s);
	req_set_header(rq, "Cache-Control", "no-store");
	req_set_header(rq, "X-Accel-Buffering", "no");
	s->is_gone = !req_stream(rq, SSE_MEDIA_TYPE);
	/* nginx keeps a head back until a first piece of body follows it. */
	send_piece(s, comment);
	return s;
}

struct arena *sse_memory(struct sse_out *s)
{
	return s->event;
}

struct err *sse_event(struct sse_out *s, const char *name, struct span json)
{
	send_piece(s, event_text(s->event, name, json));
	arena_reset(s->event);
	if (s->is_gone)
		FAIL(req_ctx(s->rq), ERR_CANCELLED, "the client left its stream");
	return NULL;
}

unsigned sse_keep_alive(void *data)
{
	struct sse_out *s = data;
	uint64_t        silent_ms = clock_mono_ms() - s->sent_at_ms;

	if (silent_ms < SSE_PING_MS)
		return SSE_PING_MS - (unsigned)silent_ms;
	send_piece(s, comment);
	return SSE_PING_MS;
}

void sse_fail(struct req *rq, const struct err *e)
{
	req_stream_piece(rq,
	                 event_text(req_ctx(rq)->arena, "error", req_error_json(rq, e, ERRORS_OURS)));
}
