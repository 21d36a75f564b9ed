/* housekeeping.c -- removing what has run out; the rights for it are the function's own. */
#include "housekeeping.h"

#include "../db/db.h"

struct err *housekeeping_purge(struct ctx *cx, int batch, int64_t *most_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows,
	             "select max(removed) from (select removed from purge_expired($1::int)"
	             "  union all select purge_ledger($1::int)"
	             "  union all select removed from purge_auth($1::int)) gone",
	             ARGS(db_int(batch))));
	*most_out = row_int(&rows, 0, 0);
	return NULL;
}
