/* reports.h -- what happened between two times, in numbers. */
#ifndef STORE_REPORTS_H
#define STORE_REPORTS_H

#include "../base/ctx.h"

struct report_wish {
	int64_t     from_ms, to_ms; /* unix time; `to` is the first moment after */
	const char *prices;         /* as PROVIDER_PRICES has them, and checked: prices_table() */
};

/* One JSON object (report.sql has its members). It reads all turns there are, once, and waits no
 * longer than cx has time: ERR_UNAVAILABLE. */
struct err *report_make(struct ctx *cx, const struct report_wish *wish, struct span *out) CHECKED;

#endif
