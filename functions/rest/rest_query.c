/* rest_query.c -- reading PostgREST's query strings. */
#include "rest_query.h"

#include "../../common/base/utf8.h"
#include "../../common/domain/text/when.h"

#include <ctype.h>

#define CODE_QUERY "PGRST100"
#define CODE_RANGE "PGRST103"
#define QUOTED_MAX 60

struct reading {
	struct ctx         *cx;
	struct table_query *out;
};

/* What people sent is told by its beginning. */
static const char *quoted(struct reading *r, struct span what)
{
	struct span shown = utf8_prefix(what, QUOTED_MAX);

	return arena_printf(r->cx->arena, "\"%.*s\"", (int)shown.len, shown.ptr);
}

static struct err *refused(struct reading *r, const char *text, struct span what)
{
	FAIL_WORDED(r->cx, ERR_INPUT, .code = CODE_QUERY, .text = text,
	            .details = what.len ? quoted(r, what) : NULL);
}

/* ---- the form ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One part of a form's text, decoded and NUL-terminated. */
static struct err *decode(struct reading *r, struct span raw, struct span *out)
{
	char  *text = arena_alloc(r->cx->arena, raw.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.len; i++) {
		bool is_escaped = raw.ptr[i] == '%' && raw.len - i > 2 && hex_digit(raw.ptr[i + 1]) >= 0 &&
		                  hex_digit(raw.ptr[i + 2]) >= 0;

		text[n] = raw.ptr[i] == '+' ? ' ' : raw.ptr[i];
		if (is_escaped) {
			text[n] = (char)(hex_digit(raw.ptr[i + 1]) * 16 + hex_digit(raw.ptr[i + 2]));
			i += 2;
		}
		n++;
	}
	*out = (struct span){text, n};
	if (memchr(text, '\0', n) || !utf8_is_valid(*out))
		return refused(r, "The query is not text in UTF-8.", SPAN(""));
	return NULL;
}

/* Up to the separator, which is taken, too; false at the end, when rest->ptr is NULL. */
static bool next_part(struct span *rest, char separator, struct span *out)
{
	const char *end = rest->ptr ? memchr(rest->ptr, separator, rest->len) : NULL;

	if (!rest->ptr)
		return false;
	*out = (struct span){rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
	*rest = end ? (struct span){end + 1, rest->len - out->len - 1} : (struct span){NULL, 0};
	return true;
}

/* ---- columns ---- */

static struct err *find_column(struct reading *r, struct span name, const struct column **out)
{
	*out = table_column(r->out->table, name);
	if (*out)
		return NULL;
	FAIL_WORDED(r->cx, ERR_INPUT, .code = CODE_QUERY, .text = "There is no such column.",
	            .details = arena_printf(r->cx->arena, "%s in table \"%s\"", quoted(r, name),
	                                    r->out->table->name));
}

static struct err *add_column(struct reading *r, const struct column *column)
{
	if (r->out->columns_n == TABLE_COLUMNS_MAX)
		return refused(r, "Too many columns are chosen.", SPAN(""));
	r->out->columns[r->out->columns_n++] = column;
	return NULL;
}

static struct err *choose(struct reading *r, struct span item)
{
	const struct table  *table = r->out->table;
	const struct column *column;

	if (memchr(item.ptr, '(', item.len))
		return refused(r, "Rows of other tables can not be embedded, and nothing is computed.",
		               item);
	if (memchr(item.ptr, ':', item.len) || memchr(item.ptr, '>', item.len))
		return refused(r, "Columns can not be renamed, cast or taken apart.", item);
	if (!span_equal(item, SPAN("*"))) {
		TRY(find_column(r, item, &column));
		return add_column(r, column);
	}
	for (size_t i = 0; i < table->columns_n; i++)
		TRY(add_column(r, &table->columns[i]));
	return NULL;
}

static struct err *read_select(struct reading *r, struct span value)
{
	struct span item;

	r->out->columns_n = 0;
	if (memchr(value.ptr, '(', value.len))
		return choose(r, value); /* whose commas are not ours */
	while (value.len && next_part(&value, ',', &item))
		TRY(choose(r, span_trim(item)));
	return NULL;
}

/* ---- order and bounds ---- */

static struct err *check_comparable(struct reading *r, const struct column *column)
{
	if (column->kind == COLUMN_SEALED || column->kind == COLUMN_SHOWN)
		return refused(r, "Rows can not be compared by a column that is sealed.",
		               span_of(column->name));
	if (column->type == TYPE_JSON)
		return refused(r, "Rows can not be compared by this column.", span_of(column->name));
	return NULL;
}

static struct err *read_direction(struct reading *r, struct span word, struct table_order *order)
{
	if (span_equal(word, SPAN("asc")) || span_equal(word, SPAN("desc")))
		order->is_desc = *word.ptr == 'd';
	else if (span_equal(word, SPAN("nullsfirst")))
		order->nulls = NULLS_FIRST;
	else if (span_equal(word, SPAN("nullslast")))
		order->nulls = NULLS_LAST;
	else
		return refused(r, "An order is col.asc or col.desc, with .nullsfirst or .nullslast.", word);
	return NULL;
}

static struct err *read_order(struct reading *r, struct span item)
{
	struct table_order *order = &r->out->orders[r->out->orders_n];
	struct span         word;

	if (r->out->orders_n == TABLE_ORDERS_MAX)
		return refused(r, "Rows are ordered by too many columns.", SPAN(""));
	if (next_part(&item, '.', &word))
		TRY(find_column(r, word, &order->column));
	TRY(check_comparable(r, order->column));
	while (next_part(&item, '.', &word))
		TRY(read_direction(r, word, order));
	r->out->orders_n++;
	return NULL;
}

static struct err *read_orders(struct reading *r, struct span value)
{
	struct span item;

	while (value.len && next_part(&value, ',', &item))
		TRY(read_order(r, span_trim(item)));
	return NULL;
}

static struct err *read_count(struct reading *r, struct span value, int64_t *out)
{
	if (!str_to_int(value.ptr, 0, INT32_MAX, out))
		return refused(r, "limit and offset are whole numbers.", value);
	return NULL;
}

/* ---- conditions ---- */

static const struct {
	const char    *name;
	enum filter_op op;
} operators[] = {
	{"eq", FILTER_EQ}, {"neq", FILTER_NEQ}, {"gt", FILTER_GT},     {"gte", FILTER_GTE},
	{"lt", FILTER_LT}, {"lte", FILTER_LTE}, {"like", FILTER_LIKE}, {"ilike", FILTER_ILIKE},
	{"in", FILTER_IN}, {"is", FILTER_IS},
};

static struct err *read_operator(struct reading *r, struct span word, enum filter_op *out)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (span_equal(word, span_of(operators[i].name))) {
			*out = operators[i].op;
			return NULL;
		}
	return refused(r, "The operators known here are eq neq gt gte lt lte like ilike is in.", word);
}

static bool is_value(enum column_type type, const char *text)
{
	int64_t whole, ms;
	double  number;

	switch (type) {
	case TYPE_TEXT:
		return true;
	case TYPE_UUID:
		return str_is_uuid(text);
	case TYPE_INT:
		return str_to_int(text, INT64_MIN, INT64_MAX, &whole);
	case TYPE_NUMBER:
		return text[strspn(text, "0123456789+-.eE")] == '\0' && str_to_double(text, &number);
	case TYPE_BOOL:
		return str_equal(text, "true") || str_equal(text, "false");
	case TYPE_TIME:
		return when_parse_iso(text, &ms);
	case TYPE_JSON:
		break;
	}
	return false;
}

static struct err *add_value(struct reading *r, struct table_filter *f, const char *text)
{
	if (!is_value(f->column->type, text))
		FAIL_WORDED(r->cx, ERR_INPUT, .code = CODE_QUERY,
		            .text = "The value is not one of the column's type.",
		            .details = arena_printf(r->cx->arena, "%s for \"%s\"", quoted(r, span_of(text)),
		                                    f->column->name));
	f->values[f->values_n++] = text;
	return NULL;
}

/* One item of a list: in quotes, with \ before quotes and itself, or up to the next comma. */
static struct span take_item(struct reading *r, struct span *rest)
{
	char  *item = arena_alloc(r->cx->arena, rest->len + 1);
	bool   is_quoted = *rest->ptr == '"';
	size_t i = is_quoted, n = 0;

	for (; i < rest->len && rest->ptr[i] != (is_quoted ? '"' : ','); i++) {
		if (is_quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
			i++;
		item[n++] = rest->ptr[i];
	}
	i += is_quoted && i < rest->len;
	*rest = (struct span){rest->ptr + i, rest->len - i};
	return (struct span){arena_strndup(r->cx->arena, item, n), n};
}

static struct err *read_list(struct reading *r, struct table_filter *f, struct span value)
{
	size_t most = 1;

	if (value.len < 2 || value.ptr[0] != '(' || value.ptr[value.len - 1] != ')')
		return refused(r, "A list is written as in.(a,b,c).", value);
	for (size_t i = 0; i < value.len; i++)
		most += value.ptr[i] == ',';
	f->values = NEW_ARRAY(r->cx->arena, const char *, most);
	value = (struct span){value.ptr + 1, value.len - 2};
	while (value.len) {
		TRY(add_value(r, f, take_item(r, &value).ptr));
		if (value.len && *value.ptr != ',')
			return refused(r, "A list is written as in.(a,b,c).", value);
		if (value.len)
			value = (struct span){value.ptr + 1, value.len - 1};
	}
	return NULL;
}

static struct err *read_is(struct reading *r, struct table_filter *f, struct span value)
{
	static const char *const words[] = {"null", "not_null", "true", "false", "unknown"};
	size_t                   known = f->column->type == TYPE_BOOL ? COUNT(words) : 2;

	f->values = NEW_ARRAY(r->cx->arena, const char *, 1);
	for (size_t i = 0; i < known && !f->values_n; i++)
		if (span_equal_nocase(value, span_of(words[i])))
			f->values[f->values_n++] = words[i];
	if (!f->values_n)
		return refused(r, "is takes null, not_null, and of a truth value true, false, unknown.",
		               value);
	return NULL;
}

static struct err *read_pattern(struct reading *r, struct table_filter *f, struct span value)
{
	char  *pattern = arena_strndup(r->cx->arena, value.ptr, value.len);
	size_t escapes = 0;

	if (f->column->type != TYPE_TEXT)
		return refused(r, "Only texts are compared by like and ilike.", span_of(f->column->name));
	for (size_t i = 0; i < value.len; i++) {
		escapes = pattern[i] == '\\' ? escapes + 1 : 0;
		if (pattern[i] == '*')
			pattern[i] = '%';
	}
	if (escapes % 2)
		return refused(r, "The pattern ends within an escape.", value);
	return add_value(r, f, pattern);
}

static struct err *read_value(struct reading *r, struct table_filter *f, struct span value)
{
	if (f->op == FILTER_IN)
		return read_list(r, f, value);
	if (f->op == FILTER_IS)
		return read_is(r, f, value);
	f->values = NEW_ARRAY(r->cx->arena, const char *, 1);
	if (f->op == FILTER_LIKE || f->op == FILTER_ILIKE)
		return read_pattern(r, f, value);
	return add_value(r, f, arena_strndup(r->cx->arena, value.ptr, value.len));
}

/* Does the column know this condition? */
static struct err *check_fits(struct reading *r, const struct table_filter *f)
{
	bool is_equality = (f->op == FILTER_EQ || f->op == FILTER_IN) && !f->is_not;
	bool is_plain = f->column->kind == COLUMN_PLAIN || f->column->kind == COLUMN_MASKED;

	if (f->column->finder != FIND_NONE && !is_equality)
		return refused(r, "Rows are found by this column with eq and in alone: it is sealed.",
		               span_of(f->column->name));
	if (f->column->finder != FIND_NONE || (f->op == FILTER_IS && is_plain))
		return NULL;
	return check_comparable(r, f->column);
}

static struct err *read_filter(struct reading *r, struct span name, struct span value)
{
	struct table_filter *f = &r->out->filters[r->out->filters_n];
	struct span          word = {"", 0};

	if (r->out->filters_n == TABLE_FILTERS_MAX)
		return refused(r, "There are too many conditions.", SPAN(""));
	TRY(find_column(r, name, &f->column));
	next_part(&value, '.', &word);
	f->is_not = span_equal(word, SPAN("not"));
	if (f->is_not)
		next_part(&value, '.', &word);
	if (!value.ptr)
		return refused(r, "A condition is written as column=operator.value.", name);
	TRY(read_operator(r, word, &f->op));
	TRY(check_fits(r, f));
	TRY(read_value(r, f, value));
	r->out->filters_n++;
	return NULL;
}

/* ---- one parameter after the other ---- */

static bool is_tree(struct span name)
{
	static const char *const trees[] = {"or", "and", "not.or", "not.and"};

	for (size_t i = 0; i < COUNT(trees); i++)
		if (span_equal(name, span_of(trees[i])))
			return true;
	return false;
}

static struct err *read_parameter(struct reading *r, struct span name, struct span value)
{
	if (is_tree(name))
		return refused(r, "Trees of conditions are not known here; all that are given must hold.",
		               name);
	if (span_equal(name, SPAN("select")))
		return read_select(r, value);
	if (span_equal(name, SPAN("order")))
		return read_orders(r, value);
	if (span_equal(name, SPAN("limit")))
		return read_count(r, value, &r->out->limit);
	if (span_equal(name, SPAN("offset")))
		return read_count(r, value, &r->out->offset);
	return read_filter(r, name, value);
}

struct err *rest_query_parse(struct ctx *cx, struct span query, const struct table *table,
                             struct table_query *out)
{
	struct reading r = {cx, out};
	struct span    part, name, value;

	*out = (struct table_query){.table = table, .limit = -1};
	while (query.len && next_part(&query, '&', &part)) {
		if (!part.len)
			continue;
		next_part(&part, '=', &name);
		TRY(decode(&r, name, &name));
		TRY(decode(&r, part.ptr ? part : SPAN(""), &value));
		TRY(read_parameter(&r, name, value));
	}
	return out->columns_n ? NULL : read_select(&r, SPAN("*"));
}

struct err *rest_range_parse(struct ctx *cx, const char *range, struct table_query *in_out)
{
	const char *dash = strchr(range, '-');
	int64_t     first = 0, last = INT32_MAX;

	if (!dash ||
	    !str_to_int(arena_strndup(cx->arena, range, (size_t)(dash - range)), 0, INT32_MAX,
	                &first) ||
	    (dash[1] && !str_to_int(dash + 1, first, INT32_MAX, &last)))
		FAIL_WORDED(cx, ERR_INPUT, .status = 416, .code = CODE_RANGE,
		            .text = "Requested range not satisfiable");
	if (in_out->limit >= 0 || in_out->offset)
		return NULL;
	in_out->offset = first;
	in_out->limit = dash[1] ? last - first + 1 : -1;
	return NULL;
}
