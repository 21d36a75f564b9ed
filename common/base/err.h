/* err.h -- the one error type. NULL means success.
 *
 * An error carries two audiences apart: `kind` decides what the client sees
 * (HTTP status, machine code, safe sentence) and `field` names the input at
 * fault; `detail` is for the log only. Errors live in the arena of the unit of
 * work; nobody frees them. */
#ifndef ERR_H
#define ERR_H

#include "base.h"

struct ctx;

/* kind, HTTP status, machine code, safe sentence. Statuses and codes: HTTP contract, section 1. */
#define ERR_KINDS(X) \
	X(ERR_INPUT, 400, "invalid_request", "The request is not valid.") \
	X(ERR_AUDIO, 400, "invalid_audio", "The audio could not be decoded.") \
	X(ERR_UNAUTHORIZED, 401, "unauthorized", "A valid key or session is needed.") \
	X(ERR_SESSION, 401, "invalid_session", "The session is not known.") \
	X(ERR_SESSION_EXPIRED, 401, "session_expired", "The session has expired.") \
	X(ERR_ORIGIN, 403, "origin_not_allowed", "This site may not call this API.") \
	X(ERR_NOT_FOUND, 404, "not_found", "There is nothing here.") \
	X(ERR_METHOD, 405, "method_not_allowed", "This method is not supported.") \
	X(ERR_SLOW, 408, "request_timeout", "The request took too long to arrive.") \
	X(ERR_CONFLICT, 409, "conflict", "The same request is still running.") \
	X(ERR_SUPERSEDED, 409, "superseded", "This turn was stopped, or a newer one took its place.") \
	X(ERR_TOO_LARGE, 413, "payload_too_large", "The request is too large.") \
	X(ERR_IDEMPOTENCY, 422, "idempotency_mismatch", \
	  "This Idempotency-Key was used with another request.") \
	X(ERR_RATE, 429, "rate_limited", "Too many requests; slow down.") \
	X(ERR_INTERNAL, 500, "internal", "Something went wrong on our side.") \
	X(ERR_UPSTREAM, 502, "upstream_failed", "A service we depend on failed.") \
	X(ERR_UPSTREAM_DENIED, 502, "upstream_failed", "A service we depend on refused us.") \
	X(ERR_UPSTREAM_REJECTED, 502, "upstream_failed", \
	  "A service we depend on rejected the request.") \
	X(ERR_UNAVAILABLE, 503, "unavailable", "Too busy right now; try again soon.") \
	X(ERR_CANCELLED, 503, "unavailable", "The request was given up.") \
	X(ERR_DEADLINE, 504, "upstream_timeout", "This took too long.")

enum err_kind {
#define X(kind, http, code, text) kind,
	ERR_KINDS(X)
#undef X
};

/* What an API that others have shaped tells in the place of the kind's words: its clients know its
 * codes. */
struct err_words {
	int         status;         /* 0: the kind's */
	const char *code, *text;    /* the text is for a person, and safe to show */
	const char *details, *hint; /* where the API has them, else NULL */
};

struct err {
	enum err_kind kind;
	const char   *field;          /* input field at fault, or NULL */
	const char   *detail;         /* ERR_INPUT: told to the client; else for the log only */
	const char   *where;          /* "file.c:line" where it was raised */
	unsigned      retry_after_ms; /* when the one who refused said how long; 0: it did not */
	bool          uncertain;      /* a write may or may not have taken effect */
	bool          is_content;     /* a service answered well, and with nothing of use */
	bool          is_counted;     /* part of a failure that was counted with another error */
	bool          is_late;        /* what a service gave before it failed is in use already */
	bool          can_rerun;      /* database: the same transaction may succeed if run again */

	const struct err_words *words; /* NULL: the kind's */
};

/* Raise. `detail` is a printf string kept in cx's arena and never carries what
 * a person said. Never returns NULL. */
struct err *err_new(struct ctx *cx, enum err_kind kind, const char *where, const char *detail, ...)
	PRINTF(4, 5) NEVER_NULL;

/* Raise about one input field: ERR_INPUT or a kind of the same family. */
struct err *err_field(struct ctx *cx, enum err_kind kind, const char *field, const char *where,
                      const char *detail, ...) PRINTF(5, 6) NEVER_NULL;

/* Raise with words of one's own, which live as long as the unit of work. Never returns NULL. */
struct err *err_worded(struct ctx *cx, enum err_kind kind, const char *where,
                       const struct err_words *words) NEVER_NULL;

/* Marks an error as one of what was said, not of who said it: nobody is sick for it. */
static inline struct err *err_of_content(struct err *e)
{
	e->is_content = true;
	return e;
}

/* What a client is told of a kind. */
int         err_http_status(enum err_kind kind);
const char *err_code(enum err_kind kind) NEVER_NULL; /* stable machine code */
const char *err_text(enum err_kind kind) NEVER_NULL; /* sentence that is safe to show */

/* What a client is told of this error: its own words, else its kind's. */
int         err_status(const struct err *e);
const char *err_word(const struct err *e) NEVER_NULL; /* the code */

#define WHERE_2(n) #n
#define WHERE_1(n) WHERE_2(n)
#define WHERE      __FILE__ ":" WHERE_1(__LINE__)

/* FAIL, FAIL_FIELD, FAIL_WORDED and TRY are the only macros in the project that hide a
 * return. Safe because memory and handles belong to the unit of work (arena
 * and defer), so leaving early can not leak. */
#define FAIL(cx, kind, ...)        return err_new((cx), (kind), WHERE, __VA_ARGS__)
#define FAIL_FIELD(cx, field, ...) return err_field((cx), ERR_INPUT, (field), WHERE, __VA_ARGS__)
/* FAIL_WORDED(cx, ERR_INPUT, .status = 406, .code = "PGRST116", .text = "...") */
#define FAIL_WORDED(cx, kind, ...) \
	return err_worded((cx), (kind), WHERE, &(const struct err_words){__VA_ARGS__})
#define TRY(call) \
	do { \
		struct err *e_ = (call); \
		if (e_) \
			return e_; \
	} while (0)

#endif
