/* db_side.h -- the one connection of a process beside its pool.
 *
 * It hears what is told with NOTIFY, and carries the few statements that must not wait behind
 * those of requests. Those of the pool are lent per statement and may belong to PgBouncer, where a
 * LISTEN is lost with the transaction. It is made when somebody first wants it.
 * Thread-safe, but for one listener at a time. */
#ifndef DB_SIDE_H
#define DB_SIDE_H

#include "../base/ctx.h"

/* Until db_side_leave the statements of cx go over it, each a transaction of its own. Waits until
 * cx->deadline for whoever has it, and connects where it must: ERR_UNAVAILABLE, ERR_CANCELLED. */
struct err *db_side_enter(struct ctx *cx) CHECKED;

/* With the error a statement over it ended with, the connection is given up: it may still be in
 * the middle of that statement. */
void db_side_leave(struct ctx *cx, const struct err *e);

/* It is not needed for now: closed, unless somebody listens. */
void db_side_rest(void);

/* Listens until db_unlisten. `channel` is a plain name, a literal. ERR_UNAVAILABLE. */
struct err *db_listen(struct ctx *cx, const char *channel) CHECKED;
void        db_unlisten(void);

/* Waits up to `ms`, or until cx->cancel fires. *payload_out is what was told, in the arena, NULL
 * when nothing was. ERR_UNAVAILABLE when the connection broke or was given up: listen again, and
 * what was told meanwhile is lost. */
struct err *db_listen_wait(struct ctx *cx, unsigned ms, const char **payload_out) CHECKED;

#endif
