/* http_client.h -- calls to outside services through libcurl.
 *
 * One thread of the process, the loop, drives all of them by events: many streams
 * on few connections (HTTP/2 over TLS), names looked up and TLS agreed once for
 * all. Callers wait for pieces of their answer and nothing else; a caller that
 * gives up never waits for the loop. The loop begins with the first call.
 * Certificates are always verified, redirects never followed. A call whose
 * connection broke before a byte of an answer is repeated once, not is_once ones. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "../base/cfg.h"
#include "../base/ctx.h"
#include "http_split.h"

/* All in milliseconds since the call began, but idle_ms; 0 is no limit of its
 * own. cx->deadline is a limit above all of them. With cx->is_last_attempt first_ms and total_ms
 * do not count: they are there to have time left for somebody else. */
struct http_limits {
	unsigned connect_ms; /* name looked up, connected, TLS agreed, a stream to be had */
	unsigned first_ms;   /* first useful piece */
	unsigned idle_ms;    /* from one useful piece to the next */
	unsigned total_ms;
};

/* What a receiver thinks of a piece. */
enum http_verdict {
	HTTP_GO_ON,  /* taken, but not what the caller waits for (half an event) */
	HTTP_USEFUL, /* ends the wait for the first, begins that for the next */
	HTTP_LAST,   /* all that matters came: what comes within 20 ms is taken; a success either way */
	HTTP_STOP    /* enough: a success at once, the rest is thrown away */
};

/* One part of a multipart/form-data body. */
struct http_part {
	const char *name;
	const char *filename;     /* NULL: an ordinary field */
	const char *content_type; /* NULL: none is said */
	struct span content;
};

/* Who signs a call as servers of files in the manner of Amazon's S3 want it (AWS Signature 4). */
struct http_signer {
	const char *region, *key_id, *secret;
};

struct http_call {
	const char *method; /* NULL: "POST" with a body, else "GET" */
	const char *url;    /* never with a secret in it */
	/* "Name: value", NULL-terminated, may be NULL. Secrets only here. */
	const char *const        *headers;
	struct span               body;
	const struct http_part   *parts; /* instead of body */
	size_t                    parts_n;
	const struct http_signer *signer; /* NULL: it is not signed */
	struct http_limits        limits;
	bool                      is_once;   /* never repeated, and on a connection of its own */
	size_t                    reply_max; /* bytes of body; more is ERR_UPSTREAM; 0: 1 MiB */
	size_t event_max; /* the answer may be an event stream, as http_split() says; 0: it is none */
	/* Takes the pieces of a 2xx body in the caller's thread, and, each time that has looked aside
	 * (ctx.aside), one without bytes: has enough come? NULL: gathered in http_reply.body, where
	 * every piece is useful. */
	enum http_verdict (*on_data)(const struct http_piece *piece, void *data);
	void *data;
	/* Whether the caller is to be woken at once for this piece, and for the one behind it, which
	 * may tell what this one means; else it is woken no sooner than 30 ms after the last time. Runs
	 * in the loop: pure and quick. NULL: always. */
	bool (*is_urgent)(const struct http_piece *piece);
};

struct http_reply {
	int         status;         /* 0 when no answer came */
	const char *content_type;   /* "" when not said */
	struct span body;           /* NUL follows its length; at most 64 KiB when not 2xx */
	unsigned    retry_after_ms; /* Retry-After or retry-after-ms; 0: not said */
	unsigned    first_ms;       /* when the first useful piece came; 0: none did */
	unsigned    took_ms;
	bool        is_reused; /* the connection had been made for another call */
};

/* NULL for any HTTP answer, even 500: the caller maps statuses.
 * ERR_UPSTREAM: could not connect or talk, cut mid-body, or too large.
 * ERR_DEADLINE: one of the limits passed. ERR_CANCELLED: cx->cancel fired. An
 * error has `uncertain` set when the request may have been carried out. *out is
 * filled as far as the call came. Not inside a transaction (asserted). Adds to
 * cx->cost.upstream_ms. */
struct err *http_do(struct ctx *cx, const struct http_call *call, struct http_reply *out) CHECKED;

/* The same in parts, to do something else meanwhile. Ends with the unit of work at the latest. */
struct exchange;

/* Sends it and returns at once; nothing of *call is needed any more. */
struct exchange *http_begin(struct ctx *cx, const struct http_call *call) NEVER_NULL;

/* Waits for the next piece of an answer that is not gathered (call->on_data is set, and not called
 * for it), valid until the next call; data.ptr is NULL at the end. `before` is what the caller
 * thinks of the piece before. Where its thread has an aside (ctx.aside) a piece without bytes says
 * that it has looked. Limits count from http_begin, and only while somebody waits. */
struct err *http_next(struct ctx *cx, struct exchange *x, enum http_verdict before,
                      struct http_piece *out) CHECKED;

/* By who takes the pieces: behind the one in hand, no less than so many bytes (at most
 * HTTP_WANT_MAX) are worth being woken for, unless the answer ends or a limit passes. Once; then,
 * as before it is said, every piece is. */
#define HTTP_WANT_MAX ((size_t)32 << 10)
void http_want(struct exchange *x, size_t bytes);

/* What the answer is said to be, "" when it is not said; known with its first piece. Lives as long
 * as the exchange. */
const char *http_content_type(struct exchange *x) NEVER_NULL;

/* Waits for what is left of the answer, which goes to call->on_data; result and *out as
 * http_do. Once. */
struct err *http_end(struct ctx *cx, struct exchange *x, struct http_reply *out) CHECKED;

/* Connects to where this URL leads, for the call that comes: for a server that speaks
 * HTTP/2 over TLS; no other is asked. Nothing is sent, and a failure is nobody's. */
void http_warm(const char *url);

/* Does the loop turn, or is there none? False when it has stood still for three seconds. */
bool http_is_beating(void);

extern const struct cfg_group http_settings;

/* Before threads start, with the settings loaded. Returns the number of
 * problems, each reported on stderr. */
int  http_start(void) CHECKED;
void http_stop(void); /* when no call is running any more */

/* Milliseconds that a retry-after-ms or Retry-After header asks for (either may be
 * NULL; seconds or an HTTP date), at most an hour; 0 when neither makes sense. */
unsigned http_retry_after_ms(const char *in_ms, const char *retry_after, int64_t now_unix_ms);

#endif
