/* db_pool.h -- the connections behind db.h. Thread-safe. */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "../base/ctx.h"

#include <libpq-fe.h>

struct db_conn {
	PGconn         *pg;
	uint64_t        born_ms;
	struct db_conn *next_idle;
};

/* At most `size` connections to `url`, named after the program. Call once, before threads. */
void db_pool_start(const char *url, const char *program, unsigned size, unsigned connect_ms,
                   unsigned lifetime_ms);
void db_pool_stop(void);

/* A connection that was alive a moment ago. ERR_UNAVAILABLE when none is free or
 * the server does not answer in time. */
struct err *db_pool_take(struct ctx *cx, struct db_conn **out) CHECKED;

/* Gives it back; closed instead when it is broken, inside a transaction,
 * unanswered or old. */
void db_pool_give(struct db_conn *conn);

/* A connection beside the pool, the caller's to close. ERR_UNAVAILABLE. */
struct err *db_conn_open(struct ctx *cx, struct db_conn **out) CHECKED;
void        db_conn_close(struct db_conn *conn);

/* Waits until the socket is readable (or writable); false at the deadline or when cancelled. */
bool db_pool_wait(struct ctx *cx, const struct db_conn *conn, bool for_writing);

#endif
