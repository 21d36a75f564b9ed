/* http_split.h -- the bytes of an answer as pieces: events, or bytes as they came. */
#ifndef HTTP_SPLIT_H
#define HTTP_SPLIT_H

#include "sse_reader.h"

struct http_piece {
	const char *event; /* its name ("message" when it has none); NULL: bytes as they came */
	struct span data;  /* of an event: NUL-terminated behind its length */
};

/* What it is given lives during the call only. */
typedef void http_piece_fn(const struct http_piece *piece, void *to);

struct http_split {
	http_piece_fn    *fn;
	void             *to;
	struct sse_reader sse;
	bool              has_events, has_begun, is_events;
};

/* Hands pieces to fn(piece, to). event_max 0: bytes as they come; else the answer is an event
 * stream with events of at most so many bytes, unless it begins with a brace: a server
 * that does not stream answers one JSON object. (No field of a stream begins with one.) */
struct http_split http_split(struct arena *a, size_t event_max, http_piece_fn *fn, void *to);

/* False, now and later, once an event was too large. */
bool http_split_feed(struct http_split *s, struct span bytes) CHECKED;

#endif
