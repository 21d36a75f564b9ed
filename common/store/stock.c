/* stock.c -- counting what is cheap to count. */
#include "stock.h"

#include "../db/db.h"
#include "../domain/lead/lead_score.h"
#include "common/store/stock.sql.h"

struct err *stock_take(struct ctx *cx, struct stock_line **out, size_t *n_out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, STOCK_SQL, ARGS(db_int(LEAD_HIGH))));
	*n_out = (size_t)rows.count;
	*out = NEW_ARRAY(cx->arena, struct stock_line, *n_out);
	for (int i = 0; i < rows.count; i++)
		(*out)[i] =
			(struct stock_line){row_text(&rows, i, 0), row_text(&rows, i, 1), row_num(&rows, i, 2)};
	return NULL;
}
