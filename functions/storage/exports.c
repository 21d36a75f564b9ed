/* exports.c -- a list of leads or sessions is asked for here and made by a job (work/export.h). */
#include "../../common/domain/text/when.h"
#include "../../common/web/input.h"
#include "call.h"

#define TIME_MAX 40
#define RETRY_MS 10000 /* by when one of them may be there */

struct in {
	const char *kind, *format, *since, *until;
};

/* clang-format off */
static const struct input_field fields[] = {
	INPUT_TEXT(in, kind, .is_required = true, .max = 20),
	INPUT_TEXT(in, format, .max = 10),
	INPUT_TEXT(in, since, .max = TIME_MAX),
	INPUT_TEXT(in, until, .max = TIME_MAX),
};
/* clang-format on */

struct asking {
	struct object_export wish;
	int64_t              since, until;
	const char          *name;
};

static struct err *ask(struct ctx *cx, void *data)
{
	struct asking *a = data;

	return objects_export(cx, &a->wish, &a->name);
}

/* A day, or a moment of one, as ISO 8601 writes it. */
static struct err *read_when(struct call *c, const char *field, const char *when, int64_t *ms,
                             const int64_t **out)
{
	if (!when)
		return NULL;
	if (!when_parse_iso(when, ms))
		FAIL_FIELD(c->cx, field, "is no time as 2026-11-27T21:00:00Z");
	*out = ms;
	return NULL;
}

static struct err *read_wish(struct call *c, struct asking *a)
{
	struct in in = {.format = "csv"};

	TRY(input_parse(c->rq, fields, COUNT(fields), &in));
	if (!str_equal(in.kind, "leads") && !str_equal(in.kind, "sessions"))
		FAIL_FIELD(c->cx, "kind", "is neither leads nor sessions");
	if (!str_equal(in.format, "csv") && !str_equal(in.format, "json"))
		FAIL_FIELD(c->cx, "format", "is neither csv nor json");
	a->wish.what = in.kind;
	a->wish.format = in.format;
	TRY(read_when(c, "since", in.since, &a->since, &a->wish.since));
	return read_when(c, "until", in.until, &a->until, &a->wish.until);
}

static struct err *too_many(struct call *c, const struct err *e)
{
	struct err *worded =
		err_worded(c->cx, ERR_RATE, e->where,
	               &(struct err_words){.code = "too_many_requests",
	                                   .text =
	                                       "Three of your lists are being made; wait for one."});

	worded->retry_after_ms = RETRY_MS;
	return worded;
}

struct err *ask_for_export(struct call *c)
{
	struct asking    a = {.name = NULL};
	struct json_out *j;
	struct err      *e;

	TRY(read_wish(c, &a));
	e = call_tx(c, ask, &a);
	if (e && e->kind == ERR_RATE)
		return too_many(c, e);
	TRY(e);
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
