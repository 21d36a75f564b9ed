/* test_sse_reader.c -- the WHATWG rules, whatever the pieces. */
#include "../../common/call/sse_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void note(const char *name, struct span data, void *to)
{
	buf_printf(to, "%s[%.*s]", name, (int)data.len, data.ptr);
}

/* All events of the text, fed `step` bytes at a time. */
static void expect(const char *text, const char *want)
{
	size_t len = strlen(text);

	for (size_t step = 1; step <= len; step++) {
		struct arena     *a = arena_new(4096);
		struct buf        got = buf_new(a, 0);
		struct sse_reader r = sse_reader(a, 1000, note, &got);

		for (size_t at = 0; at < len; at += step)
			assert_true(sse_feed(&r, (struct span){text + at, len - at < step ? len - at : step}));
		assert_string_equal(buf_text(&got), want);
		arena_free(&a);
	}
}

static void reads_events(void **state)
{
	(void)state;
	expect("data: a\n\ndata: b\n\n", "message[a]message[b]");
	expect("event: error\ndata: {\"x\":1}\n\ndata: y\n\n", "error[{\"x\":1}]message[y]");
	expect("data: one\ndata: two\n\n", "message[one\ntwo]");
	expect("data:none\n\ndata:  two\n\n", "message[none]message[ two]");
	expect("data\n\n", "message[]");
	expect("data\ndata\n\n", "message[\n]");
}

static void takes_every_line_end(void **state)
{
	(void)state;
	expect("data: a\r\n\r\ndata: b\r\n\r\n", "message[a]message[b]");
	expect("data: a\r\rdata: b\r\r", "message[a]message[b]");
	expect("data: a\r\n\ndata: b\n\r\n", "message[a]message[b]");
	expect("data: a\rdata: b\n\n", "message[a\nb]");
}

static void leaves_out_the_rest(void **state)
{
	(void)state;
	expect(": comment\n\n:\n\nid: 7\nretry: 10\ndata: a\nother: x\n\n", "message[a]");
	expect("event: lonely\n\ndata: a\n\n", "message[a]");
	expect("data: a\n\ndata: cut", "message[a]");
	expect("data: a\n\ndata: cut\n", "message[a]");
	expect("\xef\xbb\xbf"
	       "data: a\n\n\xef\xbb\xbf"
	       "data: b\n\n",
	       "message[a]");
	expect("", "");
}

static void is_bounded(void **state)
{
	struct arena     *a = arena_new(4096);
	struct buf        got = buf_new(a, 0);
	struct sse_reader r = sse_reader(a, 16, note, &got);

	(void)state;
	assert_true(sse_feed(&r, SPAN("data: 0123456789\n\n")));
	assert_false(sse_feed(&r, SPAN("data: 0123456789abcdef\n\n")));
	assert_false(sse_feed(&r, SPAN("data: a\n\n")));
	r = sse_reader(a, 16, note, &got);
	assert_false(sse_feed(&r, SPAN("data: 01234567\ndata: 01234567\n\n")));
	assert_string_equal(buf_text(&got), "message[0123456789]");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_events),
		cmocka_unit_test(takes_every_line_end),
		cmocka_unit_test(leaves_out_the_rest),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
