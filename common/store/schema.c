/* schema.c -- sqitch's own list of what it has deployed. */
#include "schema.h"

#include "common/store/sqitch.plan.h"

#include "../db/db.h"

const char *const schema_change = SCHEMA_CHANGE;

struct err *schema_is_current(struct ctx *cx, bool *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select exists (select from sqitch.changes where change = $1)",
	             ARGS(db_text(schema_change))));
	*out = row_bool(&rows, 0, 0);
	return NULL;
}
