/* req.h -- the HTTP request and its one reply. */
#ifndef REQ_H
#define REQ_H

#include "../base/ctx.h"
#include "../base/json_out.h"
#include "serve.h"

struct cJSON;

/* How errors are told, for those who read them. */
enum error_shape {
	ERRORS_OURS,         /* error, code, field?, request_id */
	ERRORS_WITH_SUCCESS, /* the same behind "success": false */
	ERRORS_AUTH,         /* auth-js: code, error_code, message, msg */
	ERRORS_REST,         /* postgrest-js: code, message, details, hint */
	ERRORS_STORAGE       /* storage-js: statusCode, error, message */
};

struct req; /* lives as long as the request; owns nothing the arena does not */

/* Sets a request up in cx (arena and deadline already there): its id, its way in and out. */
struct req *req_new(struct ctx *cx, struct transport *t) NEVER_NULL;

/* What the client sent; "" where it sent nothing. */
struct ctx *req_ctx(struct req *rq) NEVER_NULL;
const char *req_method(const struct req *rq) NEVER_NULL;
const char *req_path_info(const struct req *rq) NEVER_NULL; /* behind the function's own path */
const char *req_query(const struct req *rq) NEVER_NULL;     /* QUERY_STRING */
const char *req_client_ip(const struct req *rq) NEVER_NULL; /* from nginx: trusted hops only */

/* Does it come by the socket of who runs the system? Told at health checks only. */
bool req_is_inside(const struct req *rq);

/* The programs of this host, names between blanks, where its health is asked; else "". */
const char *req_programs(const struct req *rq) NEVER_NULL;

/* When it began to arrive here, clock_mono_ms(). */
uint64_t req_came_ms(const struct req *rq);

/* How long it has waited since the web server had it, by this host's clock and without the time it
 * took to arrive: while a program starts again, requests wait at its socket. At most a minute; 0
 * where nobody tells. */
unsigned req_age_ms(const struct req *rq);

/* Why it is to be refused. */
enum refusal req_refusal(const struct req *rq);

/* Content-Type as sent; "" where it was not. */
const char *req_content_type(const struct req *rq) NEVER_NULL;

/* "Idempotency-Key" and the like, any case; NULL if absent or empty. */
const char *req_header(const struct req *rq, const char *name);

/* Does Accept name this media type? A wildcard alone does not. */
bool req_accepts(const struct req *rq, const char *media_type);

/* Is its body itself a recording? What else it would hold is in these headers then. The
 * Content-Type (audio/...) says so; or it tells nothing (application/octet-stream, or there is
 * none), and the session is in its header. */
bool req_is_audio(const struct req *rq);
#define HEADER_SESSION_ID     "X-Session-Id"
#define HEADER_SESSION_SECRET "X-Session-Secret"
#define HEADER_TURN_ID        "X-Turn-Id"

/* Where the body is larger than that, or does not tell how large it is and is not that of a GET or
 * HEAD: waits until there is room for one more such (large_bodies.h). Before it is read. */
struct err *req_take_room(struct req *rq, size_t small_max) CHECKED;

/* Reads the whole body once; the same span again later. One that has taken room is read into a file
 * of the folder, which the span shows; NULL: into memory. ERR_TOO_LARGE over max, ERR_INPUT when it
 * ends before its announced length, 507 where the disk takes no more. */
struct err *req_read_body(struct req *rq, size_t max, const char *folder) CHECKED;
struct span req_body(const struct req *rq);

/* The body as JSON, parsed once: read it only. It takes its turn where it is large, for that takes
 * a processor as long as a short recording. ERR_INPUT where it is none, ERR_UNAVAILABLE. */
struct err *req_json(struct req *rq, const struct cJSON **root_out) CHECKED;

/* Nobody reads the body any more, nor texts of its JSON of such a size as `text` (NULL: there is
 * none): the room they took is others'. */
void req_let_go_of_body(struct req *rq, const char *text);

/* ---- the reply: exactly one per request ---- */

/* A header of the reply; name and value stay valid, the value has no line end. */
void req_set_header(struct req *rq, const char *name, const char *value);

/* A JSON answer of at most max bytes (0: 1 MiB), sent when the handler returns NULL. */
struct json_out *reply_json(struct req *rq, int status, size_t max) NEVER_NULL;

/* Makes what was written to reply_json the reply's body; nothing where there is none. It must be
 * called before req_reply and req_send. ERR_INTERNAL when it passed its maximum. */
struct err *reply_finish(struct req *rq) CHECKED;

/* Any other answer, sent when the handler returns NULL. */
void reply_bytes(struct req *rq, int status, const char *content_type, struct span body);

/* The error as its readers know it; takes the place of what was prepared. */
void reply_error(struct req *rq, const struct err *e, enum error_shape shape);

/* What was prepared, for storing it: status, content type, body. */
struct reply {
	int         status;
	const char *content_type;
	struct span body;
};
struct reply req_reply(const struct req *rq);

/* Has req_send or req_stream been called? */
bool req_is_sent(const struct req *rq);

/* Sends the prepared reply. False when the client is gone. Once. */
bool req_send(struct req *rq);

/* Instead of req_send: the head of a 200 leaves at once, and the body follows piece
 * by piece, each on its way when the call returns. Both are false when the client is
 * gone, or has taken nothing for STREAM_STALL_MS. What is prepared later is not sent any more. */
#define STREAM_STALL_MS 8000u
bool req_stream(struct req *rq, const char *content_type);
bool req_stream_piece(struct req *rq, struct span bytes);

/* Once the client has its whole answer, fn(cx, data) is called: with time of its own, and though
 * the client is gone; not when the answer is an error after all. In the order given, within the
 * unit of work. It may not ask the request for anything. */
void req_after(struct req *rq, void (*fn)(struct ctx *cx, void *data), void *data);

/* Ends the sent answer, then does what is to be done after it, each within so many milliseconds. */
void req_finish(struct req *rq, unsigned after_ms);

/* Bytes of body handed to the transport, for the log line. */
size_t req_bytes_out(const struct req *rq);

/* The object an error answer consists of, for replies that have their own way to tell it. */
struct span req_error_json(struct req *rq, const struct err *e, enum error_shape shape);

#endif
