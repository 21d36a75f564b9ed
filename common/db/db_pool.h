/* db_pool.h -- the connections that statements borrow. Thread-safe. */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "db_conn.h"

/* At most `size` connections, of which jobs hold a third and crowds (ctx.h) a half; at least one.
 * Call once, before threads, after db_conn_setup. */
void db_pool_start(unsigned size, unsigned lifetime_ms);

/* When no thread borrows any more. Waits, for a bounded time, until what was left running is
 * cancelled. */
void db_pool_stop(void);

/* A connection that was alive a moment ago. ERR_UNAVAILABLE when none becomes free or the server
 * does not answer in time, ERR_CANCELLED. */
struct err *db_pool_take(struct ctx *cx, struct db_conn **out) CHECKED;

/* Gives it back, at once in any state: what is unanswered or inside a transaction is ended by the
 * janitor before it is lent again, what is broken, old or distrusted is closed. */
void db_pool_give(struct db_conn *conn);

/* What this connection was made for has changed (a failover, a deployed migration): it and all as
 * old are closed instead of lent. */
void db_pool_distrust(const struct db_conn *conn);

#endif
