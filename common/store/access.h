/* access.h -- who asks, told to the database: its policies decide what they see. */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "../base/ctx.h"

/* What a key or token that was found good claims. */
struct person_claims {
	const char *role;       /* "anon", "authenticated", "service_role" */
	const char *sub;        /* whose token it is; NULL: nobody's */
	const char *session_id; /* of auth_sessions; NULL: none */
};

/* The first statement in a db_tx(): for the rest of it person_role() of the database, by which the
 * policies of tables go, is that of who asks. Without it they may nothing. */
struct err *access_set(struct ctx *cx, const struct person_claims *claims) CHECKED;

/* What they may, by that: "owner", "admin", "viewer"; NULL: nothing. In the same transaction. */
struct err *access_role(struct ctx *cx, const char **out) CHECKED;

/* What they may at this moment, in a transaction of its own. ERR_UNAVAILABLE. */
struct err *access_role_now(struct ctx *cx, const struct person_claims *claims,
                            const char **out) CHECKED;

#endif
