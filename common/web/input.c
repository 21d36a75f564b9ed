/* input.c -- typed, validated input by table. */
#include "input.h"

#include "../base/utf8.h"

#include <math.h>

#define LIST_TEXT_MAX 200 /* characters of one string in a list */

static struct err *expect(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                          enum json_type wanted)
{
	if (json_type(node) != wanted)
		FAIL_FIELD(cx, f->name, "must be %s", json_type_name(wanted));
	return NULL;
}

static struct err *take_text(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                             const char **to)
{
	const char *text;
	int64_t     len;

	TRY(expect(cx, f, node, JSON_STRING));
	text = json_text_at(node, "");
	len = (int64_t)utf8_length(span_of(text));
	if (len > f->max)
		FAIL_FIELD(cx, f->name, "is longer than %lld characters", (long long)f->max);
	if (len < f->min && f->min > 1)
		FAIL_FIELD(cx, f->name, "is shorter than %lld characters", (long long)f->min);
	if (len < f->min || (f->is_required && !f->may_be_blank && str_is_blank(text)))
		FAIL_FIELD(cx, f->name, "must not be empty");
	*to = text;
	return NULL;
}

static struct err *take_uuid(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                             const char **to)
{
	TRY(expect(cx, f, node, JSON_STRING));
	if (!str_is_uuid(json_text_at(node, "")))
		FAIL_FIELD(cx, f->name, "must be a UUID");
	*to = json_text_at(node, "");
	return NULL;
}

static struct err *take_number(struct ctx *cx, const struct input_field *f,
                               const struct cJSON *node, double *to)
{
	double value;

	TRY(expect(cx, f, node, JSON_NUMBER));
	value = json_num_at(node, "", 0);
	if (!isfinite(value) || value < (double)f->min || value > (double)f->max)
		FAIL_FIELD(cx, f->name, "must be from %lld to %lld", (long long)f->min, (long long)f->max);
	*to = value;
	return NULL;
}

static struct err *take_int(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                            int64_t *to)
{
	double value;

	TRY(take_number(cx, f, node, &value));
	if (value != floor(value))
		FAIL_FIELD(cx, f->name, "must be a whole number");
	*to = (int64_t)value;
	return NULL;
}

static struct err *take_bool(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                             bool *to)
{
	TRY(expect(cx, f, node, JSON_BOOL));
	*to = json_bool_at(node, "", false);
	return NULL;
}

static struct err *take_texts(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                              struct texts *to)
{
	size_t n = 0;

	TRY(expect(cx, f, node, JSON_ARRAY));
	if ((int64_t)json_count(node) > f->max)
		FAIL_FIELD(cx, f->name, "has more than %lld elements", (long long)f->max);
	to->at = NEW_ARRAY(cx->arena, const char *, json_count(node) + 1);
	for (const struct cJSON *e = json_first(node); e; e = json_next(e)) {
		const char *text = json_text_at(e, "");

		if (!text)
			FAIL_FIELD(cx, f->name, "must hold strings only");
		if (utf8_length(span_of(text)) > LIST_TEXT_MAX)
			FAIL_FIELD(cx, f->name, "holds a string of more than %d characters", LIST_TEXT_MAX);
		to->at[n++] = text;
	}
	to->n = n;
	return NULL;
}

static struct err *take_node(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                             const struct cJSON **to)
{
	if (f->is_object)
		TRY(expect(cx, f, node, JSON_OBJECT));
	*to = node;
	return NULL;
}

static struct err *take_maybe(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                              struct maybe_number *to)
{
	to->is_set = true;
	return take_number(cx, f, node, &to->value);
}

static struct err *take_field(struct ctx *cx, const struct input_field *f, const struct cJSON *node,
                              void *to)
{
	switch (f->type) {
	case IN_TEXT:
		return take_text(cx, f, node, to);
	case IN_UUID:
		return take_uuid(cx, f, node, to);
	case IN_INT:
		return take_int(cx, f, node, to);
	case IN_NUMBER:
		return take_maybe(cx, f, node, to);
	case IN_BOOL:
		return take_bool(cx, f, node, to);
	case IN_TEXTS:
		return take_texts(cx, f, node, to);
	case IN_NODE:
		return take_node(cx, f, node, to);
	}
	FAIL(cx, ERR_INTERNAL, "field %s has no type", f->name);
}

struct err *input_parse(struct req *rq, const struct input_field *fields, size_t n, void *in)
{
	struct ctx         *cx = req_ctx(rq);
	const struct cJSON *root, *node;

	if (span_trim(req_body(rq)).len == 0)
		FAIL(cx, ERR_INPUT, "the body is empty; a JSON object is expected");
	TRY(req_json(rq, &root));
	if (json_type(root) != JSON_OBJECT)
		FAIL(cx, ERR_INPUT, "the body must be a JSON object");
	for (size_t i = 0; i < n; i++) {
		node = json_at(root, fields[i].name);
		if (node && json_type(node) != JSON_NULL)
			TRY(take_field(cx, &fields[i], node, (char *)in + fields[i].offset));
		else if (fields[i].is_required)
			FAIL_FIELD(cx, fields[i].name, "is missing");
	}
	return NULL;
}
