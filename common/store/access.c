/* access.c -- the setting scribe.claims, for one transaction. */
#include "access.h"

#include "../base/json_out.h"
#include "../db/db.h"

#include <assert.h>

struct err *access_set(struct ctx *cx, const struct person_claims *claims)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	assert(cx->tx); /* outside it would be lost with its statement, or be another request's */
	json_obj(j, NULL);
	json_str(j, "role", claims->role);
	json_str(j, "sub", claims->sub);
	json_str(j, "session_id", claims->session_id);
	json_end(j);
	TRY(json_finish(cx, j, &json));
	return db_exec(cx, NULL, "select set_config('scribe.claims', $1, true)",
	               ARGS(db_text(json.ptr)));
}

struct err *access_role(struct ctx *cx, const char **out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select person_role()", NO_ARGS));
	*out = row_text(&rows, 0, 0);
	return NULL;
}

struct asked {
	const struct person_claims *claims;
	const char                 *role;
};

static struct err *ask_role(struct ctx *cx, void *data)
{
	struct asked *asked = data;

	TRY(access_set(cx, asked->claims));
	return access_role(cx, &asked->role);
}

struct err *access_role_now(struct ctx *cx, const struct person_claims *claims, const char **out)
{
	struct asked asked = {claims, NULL};

	TRY(db_tx(cx, ask_role, &asked));
	*out = asked.role;
	return NULL;
}
