/* shelf.h -- what this process keeps for a few seconds, for a request that may come.
 *
 * In memory only, and no longer than it was put there for: a thread, begun with the first thing,
 * throws away what is over. At most SHELF_BYTES in all; what would pass that is not kept.
 * Thread-safe. */
#ifndef SHELF_H
#define SHELF_H

#include "../../common/base/ctx.h"

#define SHELF_BYTES ((size_t)64 << 20)

/* `value` and all it points to are in `arena`, which is the shelf's from now on. In the place of
 * what has the same key. */
void shelf_put(const char *key, unsigned ms, struct arena *arena, void *value);

/* It is the unit of work's from now on, and lives as long; NULL: there is nothing by that key. */
void *shelf_take(struct ctx *cx, const char *key);

/* A copy of it, which stays where it is; copy(arena, value) makes it, with the shelf locked. */
void *shelf_copy(struct ctx *cx, const char *key, void *(*copy)(struct arena *, const void *));

/* At the end of the process. */
void shelf_end(void);

#endif
