/* rest_change.c -- reading what rows are to become. */
#include "rest_change.h"

#include "../../common/base/json_in.h"
#include "../../common/base/utf8.h"

static struct err *refused(struct ctx *cx, const char *code, const char *text, const char *column)
{
	FAIL_WORDED(cx, ERR_INPUT, .code = code, .text = text,
	            .details = column ? arena_printf(cx->arena, "\"%.60s\"", column) : NULL);
}

static bool is_one_of(const char *value, const char *const *known)
{
	for (; *known; known++)
		if (str_equal(value, *known))
			return true;
	return false;
}

static struct err *check_value(struct ctx *cx, const struct column *c, const struct cJSON *value)
{
	const char *text = json_text_at(value, "");

	if (json_type(value) != JSON_STRING && json_type(value) != JSON_NULL)
		return refused(cx, "22P02", "The value is to be a text, or null.", c->name);
	if (!text && c->is_never_null)
		return refused(cx, "23502", "The column can not be null.", c->name);
	if (text && utf8_length(span_of(text)) > c->write_max)
		return refused(cx, "22001", "The text is too long.", c->name);
	if (text && c->one_of && !is_one_of(text, c->one_of))
		return refused(cx, "23514", "The column knows no such value.", c->name);
	return NULL;
}

static struct err *add(struct ctx *cx, const struct table *table, const struct cJSON *member,
                       struct table_change *out)
{
	const struct column *column = table_column(table, span_of(json_name(member)));

	if (!column)
		return refused(cx, "PGRST204", "There is no such column.", json_name(member));
	if (!column->write_max)
		FAIL_WORDED(cx, ERR_INPUT, .status = 403, .code = "42501",
		            .text = "This column is not written by people.", .details = column->name);
	for (size_t i = 0; i < out->n; i++)
		if (out->columns[i] == column)
			return refused(cx, "PGRST102", "A column is named twice.", column->name);
	TRY(check_value(cx, column, member));
	out->columns[out->n] = column;
	out->values[out->n++] = json_text_at(member, "");
	return NULL;
}

struct err *rest_change_read(struct req *rq, const struct table *table, struct table_change *out)
{
	struct ctx         *cx = req_ctx(rq);
	const struct cJSON *root;

	*out = (struct table_change){.n = 0};
	TRY(req_json(rq, &root));
	if (json_type(root) != JSON_OBJECT)
		return refused(cx, "PGRST102", "The body is to be one object.", NULL);
	for (const struct cJSON *m = json_first(root); m; m = json_next(m))
		TRY(add(cx, table, m, out));
	if (!out->n)
		return refused(cx, "PGRST102", "The body names no column.", NULL);
	return NULL;
}
