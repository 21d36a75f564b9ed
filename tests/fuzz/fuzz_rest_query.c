/* Query strings of strangers, for each table: whatever is taken has columns that are the table's,
 * and values that the database reads as the column's type; whatever is refused says why. */
#include "fuzz.h"

#include "../../common/base/utf8.h"
#include "../../common/store/table_query.h"
#include "../../functions/rest/rest_query.h"

#include <assert.h>

static void check_column(const struct table *table, const struct column *column)
{
	assert(column >= table->columns && column < table->columns + table->columns_n);
}

static void check_filter(const struct table_query *q, const struct table_filter *f)
{
	check_column(q->table, f->column);
	assert(f->values_n == 1 || f->op == FILTER_IN);
	assert(f->column->kind != COLUMN_SEALED || f->column->finder == FIND_EMAIL);
	for (size_t i = 0; i < f->values_n; i++) {
		assert(utf8_is_valid(span_of(f->values[i])));
		assert(f->column->type != TYPE_UUID || f->op == FILTER_IS || str_is_uuid(f->values[i]));
	}
}

static void check(struct ctx *cx, const struct table_query *q)
{
	assert(q->columns_n && q->columns_n <= TABLE_COLUMNS_MAX && q->limit >= -1 && q->offset >= 0);
	for (size_t i = 0; i < q->columns_n; i++)
		check_column(q->table, q->columns[i]);
	for (size_t i = 0; i < q->orders_n; i++)
		check_column(q->table, q->orders[i].column);
	for (size_t i = 0; i < q->filters_n; i++)
		check_filter(q, &q->filters[i]);
	assert(utf8_is_valid(span_of(table_filter_text(cx, q))));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx          cx = fuzz_begin();
	struct span         rest = {(const char *)bytes, len}, name = fuzz_line(&rest);
	const struct table *table = table_named(name);
	struct table_query  q;
	struct err         *e;

	if (!table)
		table = table_named(SPAN("sessions"));
	e = rest_query_parse(&cx, rest, table, &q);
	if (e)
		assert(e->words && e->words->text && err_status(e) == 400);
	else
		check(&cx, &q);
	if (!e && !rest_range_parse(&cx, arena_strndup(cx.arena, name.ptr, name.len), &q))
		assert(q.limit >= -1 && q.offset >= 0);
	return fuzz_end(&cx);
}
