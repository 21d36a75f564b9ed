/* A request's body from outside, through the table of fields to the reply. */
#include "fuzz.h"

#include "../../common/web/input.h"

#include <assert.h>

struct body {
	struct transport t; /* first */
	const uint8_t   *bytes;
	size_t           len, sent;
};

static const char *no_param(struct transport *t, const char *name)
{
	(void)t;
	(void)name;
	return NULL;
}

static size_t read_body(struct transport *t, char *to, size_t max)
{
	struct body *b = (struct body *)t;
	size_t       left = b->len - b->sent, n = left < max ? left : max;

	if (n)
		memcpy(to, b->bytes + b->sent, n);
	b->sent += n;
	return n;
}

static bool write_nothing(struct transport *t, const char *bytes, size_t n)
{
	(void)t;
	(void)bytes;
	(void)n;
	return true;
}

struct in {
	const char         *session_id, *session_secret, *text, *id;
	int64_t             limit;
	bool                consent;
	struct maybe_number weight;
	struct texts        tags;
	const struct cJSON *context;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, text, .min = 1, .max = 20),
	INPUT_UUID(in, id),
	INPUT_INT(in, limit, .min = 1, .max = 50),
	INPUT_BOOL(in, consent),
	INPUT_NUMBER(in, weight, .min = 0, .max = 10),
	INPUT_TEXTS(in, tags, .max = 5),
	INPUT_NODE(in, context, .is_object = true),
};

static struct err *parse(struct req *rq, struct in *in)
{
	TRY(req_read_body(rq, 1 << 16, NULL));
	return input_parse(rq, fields, COUNT(fields), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx  cx = fuzz_begin();
	struct body b = {.t = {.param = no_param, .read = read_body, .write = write_nothing},
	                 .bytes = bytes,
	                 .len = len};
	struct in   in = {.limit = 5};
	struct req *rq = req_new(&cx, &b.t);
	struct err *e;

	json_start();
	e = parse(rq, &in);
	if (e)
		reply_error(rq, e, ERRORS_OURS);
	else
		reply_bytes(rq, 200, "text/plain", SPAN("ok"));
	assert(e || (in.session_id && in.limit >= 1 && in.limit <= 50 && in.tags.n <= 5));
	assert(req_send(rq));
	return fuzz_end(&cx);
}
