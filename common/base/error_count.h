/* error_count.h -- how often which error of ours has happened on this host, and was not reported
 * yet: what is logged as an error, 5xx answers, and the end of a process.
 *
 * In the file of metrics.h, beside the numbers: so it outlives who counted, and one process can
 * report for all. An error is its program, event, code and place, all of them fixed words of ours;
 * nothing of a detail, nothing that a visitor sent. Counting waits for nothing, takes no lock and
 * no memory. Where all rows are taken the rest count together. Thread-safe. */
#ifndef ERROR_COUNT_H
#define ERROR_COUNT_H

#include "base.h"

#define ERROR_ROWS      256u /* different ones */
#define ERROR_EVENT_MAX 40   /* bytes, with the end; longer words are cut */
#define ERROR_CODE_MAX  32
#define ERROR_PLACE_MAX 96
#define ERROR_TRACE_MAX 32 /* without an end */

/* It happened once more. code, where, trace_id: NULL or "" where there is none. */
void error_count_add(const char *event, const char *code, const char *where, const char *trace_id);

struct error_counted {
	unsigned    row;
	uint64_t    n; /* not reported */
	int64_t     last_unix_ms;
	const char *program;                /* "other" where nobody knows it */
	char        event[ERROR_EVENT_MAX]; /* "other_errors": those without a row */
	char        code[ERROR_CODE_MAX], where[ERROR_PLACE_MAX];
	char        trace_id[ERROR_TRACE_MAX + 1]; /* of one that is not reported; "": none is known */
};

/* The first row from `from` on, and then from the beginning up to there, of which something is not
 * reported; false: there is none. Begin with the row behind. */
bool error_count_next(unsigned from, struct error_counted *out) CHECKED;

/* So many of the row are reported, or all where it has fewer. */
void error_count_told(unsigned row, uint64_t n);

#endif
