/* Streamed replies over a transport made of strings: what leaves when, and lost clients. */
#include "unit.h"

#include "../../common/web/sse_out.h"

struct fake {
	struct transport t; /* first */
	char             out[4096];
	size_t           len, flushed; /* written, and of that surely on its way */
	bool             is_broken;
};

static const char *fake_param(struct transport *t, const char *name)
{
	(void)t;
	return strcmp(name, "HTTP_X_REQUEST_ID") ? NULL : "stream-1";
}

static bool fake_write(struct transport *t, const char *bytes, size_t n)
{
	struct fake *f = (struct fake *)t;

	if (f->is_broken)
		return false;
	assert_true(f->len + n < sizeof(f->out));
	memcpy(f->out + f->len, bytes, n);
	f->len += n;
	f->out[f->len] = '\0';
	return true;
}

static bool fake_flush(struct transport *t)
{
	struct fake *f = (struct fake *)t;

	f->flushed = f->len;
	return !f->is_broken;
}

static struct fake fake_new(void)
{
	return (struct fake){.t = {.param = fake_param, .write = fake_write, .flush = fake_flush}};
}

/* What was flushed since the last time this was asked. */
static const char *flushed_since(struct fake *f, size_t *from)
{
	const char *text = f->out + *from;

	assert_int_equal(f->flushed, f->len);
	*from = f->flushed;
	return text;
}

static uint64_t now_ms;

static uint64_t test_clock(void)
{
	return now_ms;
}

static void the_head_and_each_event_leave_at_once(void **state)
{
	struct fake     f = fake_new();
	struct req     *rq = req_new(*state, &f.t);
	struct sse_out *s;
	size_t          from = 0;
	const char     *head;

	req_set_header(rq, "Access-Control-Allow-Origin", "https://a.example");
	s = sse_start(rq);
	head = flushed_since(&f, &from);
	assert_non_null(strstr(head, "Status: 200 OK\r\nContent-Type: text/event-stream\r\n"));
	assert_non_null(strstr(head, "X-Request-Id: stream-1\r\n"));
	assert_non_null(strstr(head, "Access-Control-Allow-Origin: https://a.example\r\n"));
	assert_non_null(strstr(head, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(head, "X-Accel-Buffering: no\r\n"));
	assert_non_null(strstr(head, "\r\n\r\n:\n\n"));
	assert_ok(sse_event(s, "text", SPAN("{\"delta\":\"a\"}")));
	assert_string_equal(flushed_since(&f, &from), "event: text\ndata: {\"delta\":\"a\"}\n\n");
	assert_ok(sse_event(s, "done", SPAN("{}")));
	assert_string_equal(flushed_since(&f, &from), "event: done\ndata: {}\n\n");
	assert_true(req_is_sent(rq));
	assert_int_equal(req_reply(rq).status, 200);
	assert_int_equal(req_bytes_out(rq), 3 + 33 + 22);
}

static void a_lost_client_is_noticed(void **state)
{
	struct ctx     *cx = *state;
	struct fake     f = fake_new();
	struct sse_out *s;
	struct cancel   cancel;

	cancel_init(&cancel);
	cx->cancel = &cancel;
	s = sse_start(req_new(cx, &f.t));
	assert_false(ctx_cancelled(cx));
	f.is_broken = true;
	assert_err(sse_event(s, "text", SPAN("{}")), ERR_CANCELLED);
	assert_int_equal(cancel_reason(&cancel), CANCEL_CLIENT_LEFT);
	f.is_broken = false;
	assert_err(sse_event(s, "text", SPAN("{}")), ERR_CANCELLED);
	cx->cancel = NULL;
	cancel_end(&cancel);
}

static void a_silence_is_broken_by_a_comment(void **state)
{
	struct ctx     *cx = *state;
	struct fake     f = fake_new();
	struct sse_out *s;
	struct cancel   cancel;
	size_t          from = 0;

	cancel_init(&cancel);
	cx->cancel = &cancel;
	now_ms = 1000;
	clock_set_for_test(test_clock);
	s = sse_start(req_new(cx, &f.t));
	flushed_since(&f, &from);
	now_ms += SSE_PING_MS - 1;
	assert_int_equal(sse_keep_alive(s), 1);
	assert_string_equal(flushed_since(&f, &from), "");
	now_ms++;
	assert_int_equal(sse_keep_alive(s), SSE_PING_MS);
	assert_string_equal(flushed_since(&f, &from), ":\n\n");
	assert_int_equal(sse_keep_alive(s), SSE_PING_MS);
	assert_string_equal(flushed_since(&f, &from), "");
	assert_false(ctx_cancelled(cx));
	now_ms += SSE_PING_MS;
	f.is_broken = true;
	sse_keep_alive(s);
	assert_true(ctx_cancelled(cx));
	clock_set_for_test(NULL);
	cx->cancel = NULL;
	cancel_end(&cancel);
}

static void an_error_is_the_last_event(void **state)
{
	struct ctx *cx = *state;
	struct fake f = fake_new();
	struct req *rq = req_new(cx, &f.t);
	size_t      from = 0;

	sse_start(rq);
	flushed_since(&f, &from);
	sse_fail(rq, err_new(cx, ERR_UPSTREAM, WHERE, "what only the log may tell"));
	assert_string_equal(flushed_since(&f, &from),
	                    "event: error\ndata: {\"error\":\"A service we depend on failed.\","
	                    "\"code\":\"upstream_failed\",\"request_id\":\"stream-1\"}\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(the_head_and_each_event_leave_at_once),
		UNIT_TEST(a_lost_client_is_noticed),
		UNIT_TEST(a_silence_is_broken_by_a_comment),
		UNIT_TEST(an_error_is_the_last_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
