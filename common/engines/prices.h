/* prices.h -- what providers cost, estimated from what was asked of them and a table of prices. */
#ifndef PRICES_H
#define PRICES_H

#include "../base/cfg.h"

extern const struct cfg_group price_settings;

/* Reads the table. The number of problems, each told on stderr. */
int prices_start(void) CHECKED;

/* The table as it was given, for a statement to multiply with (store/reports.h). */
const char *prices_table(void) NEVER_NULL;

/* The metric of it. */
void prices_write(struct buf *out);

#endif
