/* http_client.h -- calls to outside services through libcurl.
 *
 * The handles, and the warm connections in them, belong to the process and are
 * checked out for one call, the most recently used first, so any thread may
 * call at any time. Several calls of one request run beside each other in
 * tasks (task.h). Certificates are always verified, redirects never followed,
 * and nothing is ever tried twice. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "../base/cfg.h"
#include "../base/ctx.h"

/* All in milliseconds since the call began, but idle_ms; 0 is no limit of its
 * own. cx->deadline is a limit above all of them. With cx->is_last_attempt first_ms and total_ms
 * do not count: they are there to have time left for somebody else. */
struct http_limits {
	unsigned connect_ms; /* name looked up, connected, TLS agreed */
	unsigned first_ms;   /* first useful piece */
	unsigned idle_ms;    /* from one useful piece to the next */
	unsigned total_ms;
};

/* What a receiver thinks of a piece. */
enum http_verdict {
	HTTP_GO_ON,  /* taken, but not what the caller waits for (half an event) */
	HTTP_USEFUL, /* ends the wait for the first, begins that for the next */
	HTTP_LAST,   /* all of it came: a success, at most 20 ms from now, to keep the line */
	HTTP_STOP    /* enough: a success at once, the rest is thrown away */
};

/* One part of a multipart/form-data body. */
struct http_part {
	const char *name;
	const char *filename;     /* NULL: an ordinary field */
	const char *content_type; /* NULL: none is said */
	struct span content;
};

struct http_call {
	const char *method; /* NULL: "POST" with a body, else "GET" */
	const char *url;    /* never with a secret in it */
	/* "Name: value", NULL-terminated, may be NULL. Secrets only here. */
	const char *const      *headers;
	struct span             body;
	const struct http_part *parts; /* instead of body */
	size_t                  parts_n;
	struct http_limits      limits;
	/* On a connection of its own: on a kept one that closed unanswered libcurl sends the
	 * request once more, which must not happen to what can not be taken back. */
	bool   is_once;
	size_t reply_max; /* bytes of body; more is ERR_UPSTREAM; 0: 1 MiB */
	/* Takes the pieces of a 2xx body as they arrive. NULL: gathered in http_reply.body,
	 * where every piece is useful. */
	enum http_verdict (*on_data)(struct span piece, void *data);
	void *data;
};

struct http_reply {
	int         status;         /* 0 when no answer came */
	const char *content_type;   /* "" when not said */
	struct span body;           /* NUL follows its length; at most 64 KiB when not 2xx */
	unsigned    retry_after_ms; /* Retry-After or retry-after-ms; 0: not said */
	unsigned    first_ms;       /* when the first useful piece came; 0: none did */
	unsigned    took_ms;
};

/* NULL for any HTTP answer, even 500: the caller maps statuses.
 * ERR_UPSTREAM: could not connect or talk, cut mid-body, or too large.
 * ERR_DEADLINE: one of the limits passed. ERR_CANCELLED: cx->cancel fired.
 * An error has `uncertain` set when
 * the request may have been carried out. *out is filled as far as the call
 * came. Not inside a transaction (asserted). Adds to cx->cost.upstream_ms. */
struct err *http_do(struct ctx *cx, const struct http_call *call, struct http_reply *out) CHECKED;

extern const struct cfg_group http_settings;

/* Before threads start, with the settings loaded. Returns the number of
 * problems, each reported on stderr. */
int  http_start(void) CHECKED;
void http_stop(void); /* when no call is running any more */

/* Milliseconds that a retry-after-ms or Retry-After header asks for (either may be
 * NULL; seconds or an HTTP date), at most an hour; 0 when neither makes sense. */
unsigned http_retry_after_ms(const char *in_ms, const char *retry_after, int64_t now_unix_ms);

#endif
