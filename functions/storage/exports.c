/* exports.c -- a list of leads or sessions is asked for here and made by a job (work/export.h). */
#include "../../common/web/input.h"
#include "call.h"

#define WHEN_MAX 40

struct in {
	const char *kind, *format, *since, *until;
};

/* clang-format off */
static const struct input_field fields[] = {
	INPUT_TEXT(in, kind, .is_required = true, .max = 20),
	INPUT_TEXT(in, format, .max = 10),
	INPUT_TEXT(in, since, .max = WHEN_MAX),
	INPUT_TEXT(in, until, .max = WHEN_MAX),
};
/* clang-format on */

struct asking {
	struct in   in;
	const char *name;
};

static struct err *ask(struct ctx *cx, void *data)
{
	struct asking *a = data;

	return objects_export(cx, a->in.kind, a->in.format, a->in.since, a->in.until, &a->name);
}

/* A day, or a moment of one, as ISO 8601 writes it: more is not handed on. */
static struct err *check_when(struct call *c, const char *field, const char *when)
{
	if (when && strspn(when, "0123456789-:.TZ+ ") != strlen(when))
		FAIL_FIELD(c->cx, field, "is no time as 2026-11-27T21:00:00Z");
	return NULL;
}

static struct err *read_wish(struct call *c, struct in *in)
{
	TRY(input_parse(c->rq, fields, COUNT(fields), in));
	if (!str_equal(in->kind, "leads") && !str_equal(in->kind, "sessions"))
		FAIL_FIELD(c->cx, "kind", "is neither leads nor sessions");
	if (!str_equal(in->format, "csv") && !str_equal(in->format, "json"))
		FAIL_FIELD(c->cx, "format", "is neither csv nor json");
	TRY(check_when(c, "since", in->since));
	return check_when(c, "until", in->until);
}

struct err *ask_for_export(struct call *c)
{
	struct asking    a = {.in = {.format = "csv"}};
	struct json_out *j;

	TRY(read_wish(c, &a.in));
	TRY(call_tx(c, ask, &a));
	if (!a.name)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 403, .code = "Unauthorized",
		            .text = "You may not have that list.");
	j = reply_json(c->rq, 202, 0);
	json_obj(j, NULL);
	json_str(j, "bucket", "exports");
	json_str(j, "path", a.name);
	json_end(j);
	return NULL;
}
