/* calls.h -- what is answered over plain HTTP: broadcasts of servers, and health. */
#ifndef CALLS_H
#define CALLS_H

#include "../../common/base/err.h"
#include "../../common/base/str.h"

struct lws;

/* One request. */
struct call {
	struct arena *arena;
	struct lws   *wire;
	uint64_t      id;
	const char   *path, *authorization, *apikey, *request_id;
	char         *body;
	size_t        body_len;
	bool          is_post, is_answered;
	bool          is_inside; /* asked by who runs the system */
	int           status;    /* 0: not known yet */
	struct span   answer;
	struct call  *next, **link;
};

/* want_to_write() is called when a call has its answer. */
void calls_start(void (*want_to_write)(struct lws *wire));

/* A request begins, a piece of its body comes, all of it is here; and it is gone, answered or not
 * (a no-op for one that never began). */
void call_begin(struct call *c, struct lws *wire);
void call_body(struct call *c, struct span piece);
void call_run(struct call *c);
void call_end(struct call *c);

/* An error as JSON, in the shape of all of ours. request_id may be NULL. */
struct span call_error(struct arena *a, enum err_kind kind, const char *detail,
                       const char *request_id);

#endif
