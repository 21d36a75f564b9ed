/* reports.c -- one statement, the same that scripts/report asks. */
#include "reports.h"

#include "../base/clock.h"
#include "../base/str.h"
#include "../db/db.h"
#include "../domain/lead/lead_score.h"
#include "common/store/report.sql.h"

struct err *report_make(struct ctx *cx, const struct report_wish *wish, struct span *out)
{
	char           from[25], to[25];
	struct db_rows rows;

	clock_format_utc(wish->from_ms, from);
	clock_format_utc(wish->to_ms, to);
	TRY(db_query(cx, &rows, REPORT_SQL,
	             ARGS(db_text(from), db_text(to), db_text(wish->prices), db_int(LEAD_HIGH))));
	*out = span_of(row_text(&rows, 0, 0));
	return NULL;
}
