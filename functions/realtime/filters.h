/* filters.h -- which changes of tables somebody asked for, as realtime-js writes that. */
#ifndef FILTERS_H
#define FILTERS_H

#include "../../common/base/json_in.h"
#include "../../common/store/changes.h"

#define FILTERS_MAX 20

enum filter_test { TEST_NONE, TEST_EQ, TEST_NEQ, TEST_LT, TEST_LTE, TEST_GT, TEST_GTE, TEST_IN };

struct filter {
	uint32_t          id; /* by which the client knows it, in its channel */
	const char       *event, *schema, *table, *text; /* as asked, for the answer; NULL: not asked */
	bool              is_any_op, is_any_table, is_never; /* never: a table that does not change */
	enum change_op    op;
	enum change_table of;
	enum filter_test  test;
	const char       *column, *value;
};

/* Reads `config.postgres_changes`; node may be NULL. ERR_INPUT says what is wrong. */
struct err *filters_read(struct ctx *cx, struct arena *keep, const struct cJSON *node,
                         struct filter **out, size_t *n_out) CHECKED;

/* Is it a change that was asked for? `row` is the row, or what is left of it. */
bool filter_takes(const struct filter *f, const struct change *c, const struct cJSON *row);

#endif
