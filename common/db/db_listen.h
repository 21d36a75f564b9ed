/* db_listen.h -- a connection of its own that hears what is told with NOTIFY. */
#ifndef DB_LISTEN_H
#define DB_LISTEN_H

#include "../base/ctx.h"

struct db_listener;

/* Connects, outside the pool, and listens. `channel` is a plain name, a literal.
 * ERR_UNAVAILABLE. The listener is the caller's until db_unlisten, in whatever
 * unit of work. */
struct err *db_listen(struct ctx *cx, const char *channel, struct db_listener **out) CHECKED;
void        db_unlisten(struct db_listener *listener);

/* Waits up to `ms`, or until cx->cancel fires. *payload_out is what was told, in
 * the arena, NULL when nothing was. ERR_UNAVAILABLE when the connection broke. */
struct err *db_listen_wait(struct ctx *cx, struct db_listener *listener, unsigned ms,
                           const char **payload_out) CHECKED;

#endif
