/* A request from bytes to a typed struct, and its reply, over a transport made of strings. */
#include "unit.h"

#include "../../common/web/input.h"

#include <unistd.h>

struct fake {
	struct transport t; /* first */
	const char      *body;
	size_t           sent;
	const char      *length, *request_id, *arrived, *method;
	char             out[4096];
	size_t           out_len;
};

static const char *fake_param(struct transport *t, const char *name)
{
	struct fake *f = (struct fake *)t;

	if (!strcmp(name, "CONTENT_LENGTH"))
		return f->length;
	if (!strcmp(name, "HTTP_X_REQUEST_ID"))
		return f->request_id;
	if (!strcmp(name, "REQUEST_ARRIVED"))
		return f->arrived;
	if (!strcmp(name, "REQUEST_METHOD"))
		return f->method;
	if (!strcmp(name, "HTTP_ACCEPT"))
		return "text/html;q=0.5, text/event-stream";
	return NULL;
}

static size_t fake_read(struct transport *t, char *to, size_t max)
{
	struct fake *f = (struct fake *)t;
	size_t       left = strlen(f->body) - f->sent, n = left < max ? left : max;

	if (n > 3)
		n = 3; /* in small pieces, as sockets do */
	memcpy(to, f->body + f->sent, n);
	f->sent += n;
	return n;
}

static bool fake_write(struct transport *t, const char *bytes, size_t n)
{
	struct fake *f = (struct fake *)t;

	assert_true(f->out_len + n < sizeof(f->out));
	memcpy(f->out + f->out_len, bytes, n);
	f->out_len += n;
	return true;
}

static struct fake fake_of(const char *body)
{
	return (struct fake){.t = {.param = fake_param, .read = fake_read, .write = fake_write},
	                     .body = body};
}

struct in {
	const char         *name, *id, *nick;
	int64_t             limit;
	bool                consent;
	struct maybe_number weight;
	struct texts        tags;
	const struct cJSON *context;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, name, .is_required = true, .min = 2, .max = 5),
	INPUT_UUID(in, id),
	INPUT_TEXT(in, nick, .may_be_blank = true, .min = 1, .max = 5),
	INPUT_INT(in, limit, .min = 1, .max = 50),
	INPUT_BOOL(in, consent),
	INPUT_NUMBER(in, weight, .min = 0, .max = 10),
	INPUT_TEXTS(in, tags, .max = 2),
	INPUT_NODE(in, context, .is_object = true),
};

static struct err *parse(struct ctx *cx, const char *body, struct in *in)
{
	static struct fake f;
	struct req        *rq;

	json_start();
	f = fake_of(body);
	rq = req_new(cx, &f.t);
	TRY(req_read_body(rq, 10000, NULL));
	return input_parse(rq, fields, COUNT(fields), in);
}

static void a_good_body_fills_the_struct(void **state)
{
	struct in in = {.limit = 5};

	assert_ok(parse(*state,
	                "{\"name\":\"J\xc3\xb6rg\",\"id\":\"0b0ec6d1-9a9e-4e3c-8f52-0123456789ab\","
	                "\"consent\":true,\"weight\":0.5,\"tags\":[\"a\",\"b\"],\"context\":{},"
	                "\"unknown\":[1]}",
	                &in));
	assert_string_equal(in.name, "J\xc3\xb6rg");
	assert_true(in.consent);
	assert_true(in.weight.is_set);
	assert_int_equal(in.tags.n, 2);
	assert_non_null(in.context);
	assert_int_equal(in.limit, 5); /* absent: the caller's default stays */
}

static void bad_fields_are_named(void **state)
{
	static const struct {
		const char *body, *field, *sentence;
	} cases[] = {
		{"{}", "name", "is missing"},
		{"{\"name\":null}", "name", "is missing"},
		{"{\"name\":5}", "name", "must be a string"},
		{"{\"name\":\"a\"}", "name", "shorter"},
		{"{\"name\":\"   \"}", "name", "empty"},
		{"{\"name\":\"ab\",\"nick\":\"\"}", "nick", "must not be empty"},
		{"{\"name\":\"abcdef\"}", "name", "longer than 5"},
		{"{\"name\":\"ab\",\"id\":\"5\"}", "id", "UUID"},
		{"{\"name\":\"ab\",\"limit\":0}", "limit", "from 1 to 50"},
		{"{\"name\":\"ab\",\"limit\":1.5}", "limit", "whole"},
		{"{\"name\":\"ab\",\"limit\":1e300}", "limit", "from 1 to 50"},
		{"{\"name\":\"ab\",\"limit\":1e400}", NULL, "beyond the range of a double"},
		{"{\"name\":\"ab\",\"consent\":\"true\"}", "consent", "boolean"},
		{"{\"name\":\"ab\",\"tags\":\"x\"}", "tags", "array"},
		{"{\"name\":\"ab\",\"tags\":[1]}", "tags", "strings only"},
		{"{\"name\":\"ab\",\"tags\":[\"\",\"\",\"\"]}", "tags", "more than 2"},
		{"{\"name\":\"ab\",\"context\":[]}", "context", "object"},
		{"", NULL, "empty"},
		{"  ", NULL, "empty"},
		{"[]", NULL, "object"},
		{"nonsense", NULL, "a word that is not true, false or null, at byte 0"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct in   in = {.name = NULL};
		struct err *e = parse(*state, cases[i].body, &in);

		if (!e)
			fail_msg("took %s", cases[i].body);
		assert_int_equal(e->kind, ERR_INPUT);
		assert_true(cases[i].field ? e->field && !strcmp(e->field, cases[i].field) : !e->field);
		if (!strstr(e->detail, cases[i].sentence))
			fail_msg("%s: %s", cases[i].body, e->detail);
	}
}

#define LARGE          20000
#define STRINGIFY(x)   STRINGIFY_2(x)
#define STRINGIFY_2(x) #x

static void a_body_is_held_to_its_limit_and_length(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("0123456789");

	f.length = "11";
	assert_err(req_read_body(req_new(cx, &f.t), 100, NULL), ERR_INPUT);
	f = fake_of("0123456789");
	f.length = "10";
	assert_err(req_read_body(req_new(cx, &f.t), 9, NULL), ERR_TOO_LARGE);
	f = fake_of("0123456789");
	assert_err(req_read_body(req_new(cx, &f.t), 9, NULL), ERR_TOO_LARGE);
	f = fake_of("0123456789");
	f.length = "-1";
	assert_err(req_read_body(req_new(cx, &f.t), 100, NULL), ERR_INPUT);
	f = fake_of("0123456789");
	assert_ok(req_read_body(req_new(cx, &f.t), 10, NULL));
}

/* In a folder of its own; of LARGE x, of which it tells that they are `length`. */
struct large {
	char        folder[32], *bytes;
	struct fake f;
	struct req *rq;
};

static struct req *large_request(struct ctx *cx, struct large *l, const char *length)
{
	l->f = fake_of(l->bytes);
	l->f.length = length;
	l->rq = req_new(cx, &l->f.t);
	assert_ok(req_take_room(l->rq, 1000));
	return l->rq;
}

static struct large large_begin(struct ctx *cx)
{
	struct large l = {.folder = "/tmp/scribe-body.XXXXXX",
	                  .bytes = arena_alloc(cx->arena, LARGE + 1)};

	memset(l.bytes, 'x', LARGE);
	assert_non_null(mkdtemp(l.folder));
	return l;
}

/* And no name is left of it. */
static void a_large_body_goes_into_a_file(void **state)
{
	struct ctx  *cx = *state;
	struct large l = large_begin(cx);
	struct req  *rq = large_request(cx, &l, STRINGIFY(LARGE));

	assert_ok(req_read_body(rq, LARGE, l.folder));
	assert_true(span_equal(req_body(rq), (struct span){l.bytes, LARGE}));
	assert_int_equal(req_body(rq).ptr[LARGE], '\0');
	assert_int_equal(rmdir(l.folder), 0);
	rq = large_request(cx, &l, NULL);
	assert_err(req_read_body(rq, LARGE, l.folder), ERR_INTERNAL); /* the folder is gone */
}

static void a_file_is_held_to_the_limit_and_length_too(void **state)
{
	struct ctx  *cx = *state;
	struct large l = large_begin(cx);

	assert_err(req_read_body(large_request(cx, &l, NULL), LARGE - 1, l.folder), ERR_TOO_LARGE);
	assert_err(req_read_body(large_request(cx, &l, "20001"), LARGE * 2, l.folder), ERR_INPUT);
	assert_int_equal(rmdir(l.folder), 0);
}

static void what_it_took_to_arrive_is_not_its_age(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("");

	f.arrived = arena_printf(cx->arena, "%.3f", (double)clock_unix_ms() / 1000 - 50);
	assert_in_range(req_age_ms(req_new(cx, &f.t)), 49000, 59000);
	f.t.coming_ms = 30000;
	assert_in_range(req_age_ms(req_new(cx, &f.t)), 19000, 29000);
	f.t.coming_ms = 90000;
	assert_int_equal(req_age_ms(req_new(cx, &f.t)), 0);
}

static void an_id_from_outside_must_be_harmless(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("");

	f.request_id = "abc-1.2_3";
	req_new(cx, &f.t);
	assert_string_equal(cx->id, "abc-1.2_3");
	f.request_id = "x\r\nSet-Cookie: a";
	req_new(cx, &f.t);
	assert_int_equal(strlen(cx->id), 36);
}

static void media_types_are_found_in_accept(void **state)
{
	struct fake f = fake_of("");
	struct req *rq = req_new(*state, &f.t);

	assert_true(req_accepts(rq, "text/event-stream"));
	assert_true(req_accepts(rq, "text/html"));
	assert_false(req_accepts(rq, "application/json"));
}

static void an_error_tells_the_client_only_what_is_safe(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("");
	struct req *rq = req_new(cx, &f.t);

	reply_error(rq, err_new(cx, ERR_INTERNAL, WHERE, "relation secrets does not exist"),
	            ERRORS_OURS);
	req_send(rq);
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "Status: 500 Internal Server Error\r\n"
	                              "Content-Type: application/json\r\n"));
	assert_non_null(strstr(f.out, "\"code\":\"internal\""));
	assert_null(strstr(f.out, "relation"));
}

static void a_reply_over_its_maximum_is_an_error_and_not_cut(void **state)
{
	struct fake      f = fake_of("");
	struct req      *rq = req_new(*state, &f.t);
	struct json_out *j = reply_json(rq, 200, 60);
	struct err      *e;

	json_obj(j, NULL);
	json_str(j, "text", "sixty bytes are too few for this text and what is around it");
	json_int(j, "after", 1);
	json_end(j);
	e = reply_finish(rq);
	assert_err(e, ERR_INTERNAL);
	reply_error(rq, e, ERRORS_OURS);
	req_send(rq);
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "Status: 500 Internal Server Error\r\n"));
	assert_non_null(strstr(f.out, "\"code\":\"internal\""));
	assert_null(strstr(f.out, "after"));
}

/* Its own words may be too many as well. */
static void an_error_over_its_maximum_is_not_cut(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("");
	struct req *rq = req_new(cx, &f.t);
	char       *long_text = arena_alloc(cx->arena, (2 << 20) + 1);
	struct err *e;

	memset(long_text, 'x', 2 << 20);
	e = err_new(cx, ERR_INPUT, WHERE, "%s", long_text);
	reply_error(rq, e, ERRORS_OURS);
	req_send(rq);
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "Status: 400 "));
	assert_non_null(strstr(f.out, "\"}"));
}

static void an_input_error_names_the_field_and_429_says_when(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_of("");
	struct req *rq = req_new(cx, &f.t);
	struct err *e = err_field(cx, ERR_INPUT, "name", WHERE, "is missing");

	reply_error(rq, e, ERRORS_WITH_SUCCESS);
	req_send(rq);
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "{\"success\":false,\"error\":\"name: is missing\","
	                              "\"code\":\"invalid_request\",\"field\":\"name\""));
	f = fake_of("");
	rq = req_new(cx, &f.t);
	e = err_new(cx, ERR_RATE, WHERE, "fast");
	e->retry_after_ms = 1500;
	reply_error(rq, e, ERRORS_OURS);
	req_send(rq);
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "Retry-After: 2\r\n"));
}

/* What was sent, told in that shape. */
static const char *told(struct ctx *cx, struct fake *f, enum error_shape shape, const struct err *e)
{
	struct req *rq;

	*f = fake_of("");
	rq = req_new(cx, &f->t);
	reply_error(rq, e, shape);
	req_send(rq);
	f->out[f->out_len] = '\0';
	return f->out;
}

static struct err *nothing_found(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_INPUT, .status = 406, .code = "PGRST116", .text = "Not one row.",
	            .details = "The result contains 0 rows");
}

static struct err *too_weak(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_RATE, .status = 422, .code = "weak_password", .text = "Too short.",
	            .details = "length");
}

/* By the names that auth-js, postgrest-js and storage-js look for. */
static void an_error_is_told_as_its_readers_know_it(void **state)
{
	struct ctx *cx = *state;
	struct fake f;
	const char *out = told(cx, &f, ERRORS_REST, nothing_found(cx));

	assert_non_null(strstr(out, "Status: 406 Not Acceptable\r\n"));
	assert_non_null(strstr(out, "{\"code\":\"PGRST116\",\"message\":\"Not one row.\",\"details\":"
	                            "\"The result contains 0 rows\",\"hint\":null,\"request_id\""));
	out = told(cx, &f, ERRORS_STORAGE, err_new(cx, ERR_NOT_FOUND, WHERE, "secret"));
	assert_non_null(strstr(out, "{\"statusCode\":\"404\",\"error\":\"not_found\",\"message\":"
	                            "\"There is nothing here.\",\"request_id\""));
	out = told(cx, &f, ERRORS_AUTH, too_weak(cx));
	assert_non_null(strstr(out, "Status: 422 "));
	assert_null(strstr(out, "Retry-After"));
	assert_non_null(strstr(out, "{\"code\":\"weak_password\",\"error_code\":\"weak_password\","
	                            "\"message\":\"Too short.\",\"msg\":\"Too short.\","
	                            "\"weak_password\":{\"reasons\":[\"length\"]},\"request_id\""));
	out = told(cx, &f, ERRORS_REST, err_new(cx, ERR_INTERNAL, WHERE, "secret"));
	assert_non_null(strstr(out, "Status: 500 "));
	assert_non_null(strstr(out, "\"details\":null"));
	assert_null(strstr(out, "secret"));
}

static void a_head_has_no_body(void **state)
{
	struct fake f = fake_of("");
	struct req *rq = req_new(*state, &f.t);

	f.method = "HEAD";
	reply_bytes(rq, 200, "text/plain", SPAN("the body"));
	assert_true(req_send(rq));
	f.out[f.out_len] = '\0';
	assert_non_null(strstr(f.out, "Status: 200 OK\r\n"));
	assert_null(strstr(f.out, "the body"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(a_good_body_fills_the_struct),
		UNIT_TEST(bad_fields_are_named),
		UNIT_TEST(a_body_is_held_to_its_limit_and_length),
		UNIT_TEST(a_large_body_goes_into_a_file),
		UNIT_TEST(a_file_is_held_to_the_limit_and_length_too),
		UNIT_TEST(what_it_took_to_arrive_is_not_its_age),
		UNIT_TEST(an_id_from_outside_must_be_harmless),
		UNIT_TEST(media_types_are_found_in_accept),
		UNIT_TEST(a_reply_over_its_maximum_is_an_error_and_not_cut),
		UNIT_TEST(an_error_over_its_maximum_is_not_cut),
		UNIT_TEST(an_error_tells_the_client_only_what_is_safe),
		UNIT_TEST(an_input_error_names_the_field_and_429_says_when),
		UNIT_TEST(an_error_is_told_as_its_readers_know_it),
		UNIT_TEST(a_head_has_no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
