/* schema.h -- does the database have what the programs were written for? */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "../base/ctx.h"

/* The last change of migrations/sqitch.plan when this was built. */
extern const char *const schema_change;

/* Is that change deployed? One that came later does not matter: programs that are replaced go on
 * with it. ERR_UNAVAILABLE where the database does not answer. */
struct err *schema_is_current(struct ctx *cx, bool *out) CHECKED;

#endif
