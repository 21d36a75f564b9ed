/* housekeeping.h -- removing what has run out. */
#ifndef STORE_HOUSEKEEPING_H
#define STORE_HOUSEKEEPING_H

#include "../base/ctx.h"

/* Removes up to `batch` rows of each table that keeps things for a while only; what was
 * removed from the table with most of it goes to *most_out: as many as `batch` means
 * that there is more. */
struct err *housekeeping_purge(struct ctx *cx, int batch, int64_t *most_out) CHECKED;

#endif
