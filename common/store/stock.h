/* stock.h -- what there is in the database, as metrics tell it. */
#ifndef STOCK_H
#define STOCK_H

#include "../base/ctx.h"

struct stock_line {
	const char *what; /* "jobs_waiting", "job_age" (s), "jobs_dead", "leads", "rows", "bytes" ... */
	const char *which; /* kind of job, table; NULL */
	double      value;
};

/* One statement; it waits no longer than cx has time. */
struct err *stock_take(struct ctx *cx, struct stock_line **out, size_t *n_out) CHECKED;

#endif
