/* ctx.h -- what one unit of work (an HTTP request or a queued job) carries.
 *
 * Every function that may fail, allocate or wait takes it first. One thread
 * uses one ctx; work that runs beside it gets a child (task.h). */
#ifndef CTX_H
#define CTX_H

#include "arena.h"
#include "cancel.h"
#include "clock.h"
#include "err.h"

#define CTX_ID_MAX 128 /* longest X-Request-Id taken from outside */

struct db_conn;
struct payers;

/* What the work cost, for its log line. */
struct ctx_cost {
	unsigned db_ms, upstream_ms, embed_ms; /* embedding may be upstream too */
	unsigned decode_ms;                    /* a decoder was at work on its recording */
};

struct ctx {
	struct arena   *arena;    /* everything the work allocates; reset when it ends */
	struct deadline deadline; /* every wait takes min(its own limit, what is left here) */
	struct db_conn *tx;       /* the open transaction; NULL outside db_tx() */
	struct cancel  *cancel;   /* fired when nobody wants the result any more; NULL: never */
	/* Called by the work's own thread at least every lull_ms while it waits for an outside
	 * service: somebody must be kept company. NULL: nobody. */
	void (*on_lull)(void *data);
	void    *lull_data;
	unsigned lull_ms;
	bool     is_last_attempt; /* nobody else is left to ask: it may take all the time */
	bool     is_job;          /* a worker's, for which nobody waits: requests go first */
	/* Whose work it is, where work is shared out: by address (address_key), by session. 0: nobody
	 * knows. */
	uint64_t        client, session;
	struct ctx_cost cost;
	char            id[CTX_ID_MAX + 1]; /* request or job id; on every log line */
	/* Who pays for what outside services do for it (payers.h); NULL: only the service. */
	const struct payers *payers;
};

/* True when nobody wants the result any more (client gone, newer turn). One atomic load. */
bool ctx_cancelled(const struct ctx *cx);

/* What comes now is done though the time is over and nobody waits: how the work ended must be
 * recorded. It has `ms` of its own. */
void ctx_detach(struct ctx *cx, unsigned ms);

#endif
