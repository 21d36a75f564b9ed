/* ctx.h -- what one unit of work (an HTTP request or a queued job) carries.
 *
 * Every function that may fail, allocate or wait takes it first. One thread
 * uses one ctx; work that runs beside it gets a child (task.h). */
#ifndef CTX_H
#define CTX_H

#include "arena.h"
#include "err.h"
#include "trace.h"
#include "wait.h"

#include <stdatomic.h>

#define CTX_ID_MAX 128 /* longest X-Request-Id taken from outside */

struct aside;
struct db_conn;
struct payers;

/* What the work cost, for its log line. */
struct ctx_cost {
	unsigned db_ms, upstream_ms, embed_ms; /* embedding may be upstream too */
	unsigned decode_ms;                    /* a decoder was at work on its recording */
	unsigned first_ms; /* of the last answer from outside: until its first useful piece; 0: none */
};

struct ctx {
	struct arena   *arena;    /* everything the work allocates; reset when it ends */
	struct deadline deadline; /* every wait takes min(its own limit, what is left here) */
	struct db_conn *tx;       /* the open transaction; NULL outside db_tx() */
	struct cancel  *cancel;   /* fired when nobody wants the result any more; NULL: never */
	struct aside   *aside;    /* what its thread does besides (aside.h); NULL: nothing */
	/* Called by the work's own thread while it waits (ctx_wait): somebody must be kept company.
	 * Returns in how many milliseconds it wants to be called again. NULL: nobody. */
	unsigned (*on_lull)(void *data);
	void    *lull_data;
	uint64_t lull_at_ms;      /* when it is due next */
	bool     is_last_attempt; /* nobody else is left to ask: it may take all the time */
	bool     is_job;          /* a worker's, for which nobody waits: requests go first */
	/* Whose work it is, where work is shared out: by address (address_key), by session. 0: nobody
	 * knows. */
	uint64_t client, session;
	/* Its client wants so much at once that others go first (crew.h); NULL: nobody watches it. */
	const atomic_bool *is_crowd;
	struct ctx_cost    cost;
	char               id[CTX_ID_MAX + 1]; /* request or job id; on every log line */
	struct trace       trace;              /* the same of its trace; sent with calls to outside */
	/* Who pays for what outside services do for it (payers.h); NULL: only the service. */
	const struct payers *payers;
};

/* True when nobody wants the result any more (client gone, newer turn). One atomic load. */
bool ctx_cancelled(const struct ctx *cx);

/* Is its client one that wants so much at once that others go first? */
bool ctx_is_crowd(const struct ctx *cx);

/* From here on somebody is kept company, the first time in so many milliseconds. */
void ctx_keep_company(struct ctx *cx, unsigned (*on_lull)(void *data), void *data, unsigned ms);

/* monitor_wait() of the work's own thread: on_lull is called meanwhile, without the lock, and then
 * it has ended for no reason. */
enum waited ctx_wait(struct ctx *cx, struct monitor *m, const struct monitor_watch *w,
                     struct deadline until);

/* What comes now is done though the time is over and nobody waits: how the work ended must be
 * recorded. It has `ms` of its own. */
void ctx_detach(struct ctx *cx, unsigned ms);

#endif
