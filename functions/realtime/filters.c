/* filters.c -- reading and applying them. */
#include "filters.h"

#include "../../common/base/str.h"

static const struct {
	const char      *name;
	enum filter_test test;
} tests[] = {
	{"eq.", TEST_EQ}, {"neq.", TEST_NEQ}, {"lt.", TEST_LT}, {"lte.", TEST_LTE},
	{"gt.", TEST_GT}, {"gte.", TEST_GTE}, {"in.", TEST_IN},
};

static const char *const ops[] = {
	[CHANGE_INSERT] = "INSERT", [CHANGE_UPDATE] = "UPDATE", [CHANGE_DELETE] = "DELETE"};

static const char *keep_text(struct arena *keep, const struct cJSON *node, const char *name)
{
	const char *text = json_text_at(node, name);

	return text ? arena_strdup(keep, text) : NULL;
}

static struct err *read_op(struct ctx *cx, struct filter *f)
{
	f->is_any_op = str_equal(f->event, "*");
	for (size_t i = 0; i < COUNT(ops); i++)
		if (str_equal(f->event, ops[i])) {
			f->op = (enum change_op)i;
			return NULL;
		}
	if (!f->is_any_op)
		FAIL(cx, ERR_INPUT, "event is none of *, INSERT, UPDATE, DELETE");
	return NULL;
}

static struct err *read_table(struct ctx *cx, struct filter *f)
{
	if (f->schema && !str_equal(f->schema, "public") && !str_equal(f->schema, "*"))
		FAIL(cx, ERR_INPUT, "there is no schema but public");
	f->is_any_table = !f->table || str_equal(f->table, "*");
	f->is_never = str_equal(f->table, "action_items");
	for (size_t i = 0; i < CHANGE_TURNS; i++)
		if (str_equal(f->table, change_table_name((enum change_table)i))) {
			f->of = (enum change_table)i;
			return NULL;
		}
	if (!f->is_any_table && !f->is_never)
		FAIL(cx, ERR_INPUT, "this table is not watched");
	return NULL;
}

/* column=test.value */
static struct err *read_test(struct ctx *cx, struct arena *keep, struct filter *f)
{
	const char *equals = f->text ? strchr(f->text, '=') : NULL;

	if (!f->text || !*f->text)
		return NULL;
	for (size_t i = 0; equals && i < COUNT(tests); i++)
		if (span_starts(span_of(equals + 1), span_of(tests[i].name))) {
			f->test = tests[i].test;
			f->column = arena_strndup(keep, f->text, (size_t)(equals - f->text));
			f->value = equals + 1 + strlen(tests[i].name);
		}
	if (f->test == TEST_NONE || f->column[strspn(f->column, "abcdefghijklmnopqrstuvwxyz_")])
		FAIL(cx, ERR_INPUT, "filter is no column=eq.value (or neq, lt, lte, gt, gte, in)");
	return NULL;
}

static struct err *read_one(struct ctx *cx, struct arena *keep, const struct cJSON *node,
                            struct filter *f)
{
	f->event = keep_text(keep, node, "event");
	f->schema = keep_text(keep, node, "schema");
	f->table = keep_text(keep, node, "table");
	f->text = keep_text(keep, node, "filter");
	TRY(read_op(cx, f));
	TRY(read_table(cx, f));
	return read_test(cx, keep, f);
}

struct err *filters_read(struct ctx *cx, struct arena *keep, const struct cJSON *node,
                         struct filter **out, size_t *n_out)
{
	const struct cJSON *item;
	size_t              n = node ? json_count(node) : 0;

	*n_out = 0;
	if (n == 0)
		return NULL;
	if (json_type(node) != JSON_ARRAY || n > FILTERS_MAX)
		FAIL(cx, ERR_INPUT, "postgres_changes is no list of at most %d", FILTERS_MAX);
	*out = NEW_ARRAY(keep, struct filter, n);
	for (item = json_first(node); item; item = json_next(item)) {
		struct filter *f = &(*out)[*n_out];

		f->id = (uint32_t)++ * n_out;
		TRY(read_one(cx, keep, item, f));
	}
	return NULL;
}

/* ---- applying ---- */

/* A value as somebody would write it in a filter; false where it is null or has parts. */
static bool value_text(const struct cJSON *node, char to[64], const char **out)
{
	switch (json_type(node)) {
	case JSON_STRING:
		*out = json_text_at(node, "");
		return true;
	case JSON_BOOL:
		*out = json_bool_at(node, "", false) ? "true" : "false";
		return true;
	case JSON_NUMBER:
		snprintf(to, 64, "%.15g", json_num_at(node, "", 0));
		*out = to;
		return true;
	default:
		return false;
	}
}

/* Below 0, 0, above 0: as numbers where both are, else as texts. */
static int compare(const char *a, const char *b)
{
	double x, y;

	if (str_to_double(a, &x) && str_to_double(b, &y))
		return x < y ? -1 : x > y;
	return strcmp(a, b);
}

/* Is it in "(a,b,c)"? */
static bool is_in(const char *text, const char *list)
{
	struct span rest = span_of(list), item;

	if (rest.len >= 2 && rest.ptr[0] == '(' && rest.ptr[rest.len - 1] == ')')
		rest = (struct span){rest.ptr + 1, rest.len - 2};
	while (str_next_item(&rest, &item))
		if (span_equal(item, span_of(text)))
			return true;
	return false;
}

static bool passes(const struct filter *f, const struct cJSON *row)
{
	const struct cJSON *node = json_at(row, f->column);
	const char         *text;
	char                number[64];

	if (!node || !value_text(node, number, &text))
		return false;
	switch (f->test) {
	case TEST_EQ:
		return compare(text, f->value) == 0;
	case TEST_NEQ:
		return compare(text, f->value) != 0;
	case TEST_LT:
		return compare(text, f->value) < 0;
	case TEST_LTE:
		return compare(text, f->value) <= 0;
	case TEST_GT:
		return compare(text, f->value) > 0;
	case TEST_GTE:
		return compare(text, f->value) >= 0;
	case TEST_IN:
		return is_in(text, f->value);
	case TEST_NONE:
		break;
	}
	return true;
}

/* What is deleted is told by its id: a test of anything else passes nothing. */
bool filter_takes(const struct filter *f, const struct change *c, const struct cJSON *row)
{
	return !f->is_never && (f->is_any_op || f->op == c->op) &&
	       (f->is_any_table || f->of == c->table) && (f->test == TEST_NONE || passes(f, row));
}
