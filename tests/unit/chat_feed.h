/* chat_feed.h -- a chat answer's bytes given to a reading as a call would give them. */
#ifndef CHAT_FEED_H
#define CHAT_FEED_H

#include "../../common/engines/openai_reply.h"

struct chat_feed {
	struct http_split    split;
	struct chat_reading *reading;
	enum http_verdict    verdict; /* of the last piece */
};

static inline void chat_feed_piece(const struct http_piece *piece, void *to)
{
	struct chat_feed *f = to;

	if (f->verdict < HTTP_STOP)
		f->verdict = chat_reading_feed(piece, f->reading);
}

static inline void chat_feed_start(struct chat_feed *f, struct arena *a, struct chat_reading *r)
{
	*f = (struct chat_feed){.reading = r, .verdict = HTTP_GO_ON};
	f->split = http_split(a, CHAT_EVENT_MAX, chat_feed_piece, f);
}

/* The verdict of the last piece that these bytes complete. HTTP_STOP: an event is too large. */
static inline enum http_verdict chat_feed(struct chat_feed *f, struct span bytes)
{
	if (f->verdict < HTTP_LAST)
		f->verdict = HTTP_GO_ON;
	return http_split_feed(&f->split, bytes) ? f->verdict : HTTP_STOP;
}

#endif
