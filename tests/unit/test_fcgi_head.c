/* test_fcgi_head.c -- a request is begun when it is all there, not before. */
#include "unit.h"

#include "../../common/web/fcgi_head.h"

/* Two bytes of padding, a body behind the head, and its end. */
static const unsigned char request[] = {
	1, 1, 0, 1, 0, 8, 0, 0, 0,   1,   1,   0,   0, 0, 0, 0, /* begins 1: responder, keeps */
	1, 4, 0, 1, 0, 4, 2, 0, 1,   1,   'A', 'B', 0, 0,       /* A=B */
	1, 4, 0, 1, 0, 0, 0, 0,                                 /* no more parameters */
	1, 5, 0, 1, 0, 3, 1, 0, 'a', 'b', 'c', 0,               /* abc */
	1, 5, 0, 1, 0, 0, 0, 0,
};
#define HEAD_BYTES 38u
#define END_AT     50u

static enum fcgi_head judged(const unsigned char *bytes, size_t n)
{
	struct fcgi_body body;

	return fcgi_head(bytes, n, &body);
}

static void a_head_is_whole_with_its_last_byte(void **state)
{
	(void)state;
	for (size_t n = 0; n < HEAD_BYTES; n++)
		assert_int_equal(judged(request, n), FCGI_HEAD_PART);
	for (size_t n = HEAD_BYTES; n < sizeof(request); n++)
		assert_int_equal(judged(request, n), FCGI_HEAD_UNSAID);
	assert_int_equal(judged(request, sizeof(request)), FCGI_HEAD_WHOLE);
}

static void expect_broken_with(size_t at, unsigned char byte)
{
	unsigned char other[sizeof(request)];

	memcpy(other, request, sizeof(request));
	other[at] = byte;
	assert_int_equal(judged(other, sizeof(other)), FCGI_HEAD_BROKEN);
}

static void what_is_no_request_is_broken(void **state)
{
	(void)state;
	expect_broken_with(0, 'G'); /* no FastCGI */
	expect_broken_with(1, 4);   /* does not begin */
	expect_broken_with(3, 0);   /* the management's id */
	expect_broken_with(5, 9);   /* a beginning of another length */
	expect_broken_with(9, 2);   /* an authorizer's */
	expect_broken_with(16, 2);  /* another version */
	expect_broken_with(17, 5);  /* a body before the parameters end */
	expect_broken_with(19, 2);  /* another request's parameters */
	assert_int_equal(judged((const unsigned char *)"G", 1), FCGI_HEAD_BROKEN);
}

static void a_head_without_end_is_broken(void **state)
{
	static unsigned char bytes[FCGI_HEAD_MAX];

	(void)state;
	memcpy(bytes, request, 16);
	for (size_t at = 16; at < sizeof(bytes); at += 4096)
		memcpy(bytes + at, (unsigned char[]){1, 4, 0, 1, 0x0f, 0xf8, 0, 0}, 8);
	assert_int_equal(judged(bytes, sizeof(bytes) - 1), FCGI_HEAD_PART);
	assert_int_equal(judged(bytes, sizeof(bytes)), FCGI_HEAD_BROKEN);
}

/* In records of so many bytes of content each, with as many of padding as given. */
static enum fcgi_head judged_params(const char *params, size_t len, size_t step, size_t padding)
{
	unsigned char bytes[1024];
	size_t        n = 16;

	memcpy(bytes, request, n);
	for (size_t at = 0; at < len + step; at += step) {
		size_t some = at >= len ? 0 : len - at < step ? len - at : step;

		memcpy(bytes + n, (unsigned char[]){1, 4, 0, 1, 0, (unsigned char)some}, 6);
		bytes[n + 6] = (unsigned char)padding;
		memcpy(bytes + n + 8, params + at, some);
		memset(bytes + n + 8 + some, 0xff, padding);
		n += 8 + some + padding;
		if (!some)
			break;
	}
	return judged(bytes, n);
}

#define PARAMS(text) text, sizeof(text) - 1

static const struct {
	const char    *text;
	size_t         len;
	enum fcgi_head wanted;
} params[] = {
	{PARAMS(""), FCGI_HEAD_UNSAID},
	{PARAMS("\1\1AB"), FCGI_HEAD_UNSAID},
	{PARAMS("\0\0\2\3abcde\1\0x"), FCGI_HEAD_UNSAID},
	{PARAMS("\1\200\0\0\4L1234\200\0\0\1\0N"), FCGI_HEAD_UNSAID},
	{PARAMS("\1\1A"), FCGI_HEAD_BROKEN},
	{PARAMS("\1"), FCGI_HEAD_BROKEN},
	{PARAMS("\1\1AB\200\0"), FCGI_HEAD_BROKEN},
	{PARAMS("\1\200\0\0\5L1234"), FCGI_HEAD_BROKEN},
	{PARAMS("\377\377\377\377\377\377\377\377name"), FCGI_HEAD_BROKEN},
	{PARAMS("\200\0\20\0\377\377\357\377name"), FCGI_HEAD_BROKEN},
};

/* However records cut them; a length that leads beyond the last one is somebody's who wants the
 * library to make room for it. */
static void parameters_are_whole_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(params); i++)
		for (size_t step = 1; step < 40; step++)
			for (size_t padding = 0; padding < 3; padding++)
				assert_int_equal(judged_params(params[i].text, params[i].len, step, padding),
				                 params[i].wanted);
}

/* However large it is, and nothing behind one that is given up. */
static void a_body_is_waited_for_to_its_end(void **state)
{
	static unsigned char bytes[FCGI_HEAD_MAX];
	unsigned char        other[sizeof(request)];

	(void)state;
	memcpy(bytes, request, HEAD_BYTES);
	for (size_t at = HEAD_BYTES; at + 8 <= sizeof(bytes); at += 4096)
		memcpy(bytes + at, (unsigned char[]){1, 5, 0, 1, 0x0f, 0xf8, 0, 0}, 8);
	assert_int_equal(judged(bytes, sizeof(bytes)), FCGI_HEAD_UNSAID);
	memcpy(other, request, sizeof(request));
	other[END_AT + 1] = 2; /* given up */
	other[END_AT + 5] = 1;
	assert_int_equal(judged(other, sizeof(other)), FCGI_HEAD_WHOLE);
}

/* The library would wait for more, or lose what it kept of it. */
static void nothing_else_stands_in_the_place_of_a_body(void **state)
{
	(void)state;
	expect_broken_with(END_AT, 2);     /* another version */
	expect_broken_with(END_AT + 1, 4); /* parameters */
	expect_broken_with(END_AT + 3, 2); /* of another request */
	expect_broken_with(END_AT + 3, 0); /* the management's id */
}

/* In pieces of every size it ends with the same byte, and has the same length. */
static void a_body_in_pieces_ends_where_it_ends(void **state)
{
	struct fcgi_body from, b;

	(void)state;
	assert_int_equal(fcgi_head(request, HEAD_BYTES, &from), FCGI_HEAD_UNSAID);
	for (size_t piece = 1; piece <= sizeof(request); piece++) {
		b = from;
		for (size_t at = 0; at < sizeof(request); at += piece) {
			size_t n = sizeof(request) - at < piece ? sizeof(request) - at : piece;

			assert_int_equal(fcgi_body_take(&b, request + at, n), n);
			assert_int_equal(b.is_whole, at + n == sizeof(request));
		}
		assert_int_equal(b.bytes, 3);
		assert_int_equal(fcgi_body_take(&b, request, 1), 0);
	}
}

/* A value of more than 127 bytes has a length of four. */
static const unsigned char long_head[] = {
	1,   1,    0,   1,   0,   8,   0,   0,   0,   1,   1, 0, 0, 0, 0, 0, /* */
	1,   4,    0,   1,   0,   21,  0,   0,                               /* 21 bytes */
	2,   3,    'A', 'B', 'x', 'y', 'z',                                  /* AB=xyz */
	1,   0,    'E',                                                      /* E= */
	1,   0x80, 0,   0,   4,   'L', '1', '2', '3', '4',                   /* L=1234 */
	0x7f};

static void expect_param(size_t n, const char *name, const char *value)
{
	struct span got = fcgi_head_param(long_head, n, name);

	assert_int_equal(got.len, strlen(value));
	assert_memory_equal(got.ptr, value, got.len);
}

static void a_parameter_is_found_by_its_whole_name(void **state)
{
	(void)state;
	expect_param(sizeof(long_head), "AB", "xyz");
	expect_param(sizeof(long_head), "L", "1234");
	expect_param(sizeof(long_head), "E", "");
	expect_param(sizeof(long_head), "A", "");
	expect_param(sizeof(long_head), "x", "");
	for (size_t n = 0; n < sizeof(long_head); n++)
		expect_param(n, "AB", ""); /* the record is not all here */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(a_head_is_whole_with_its_last_byte),
		UNIT_TEST(what_is_no_request_is_broken),
		UNIT_TEST(a_head_without_end_is_broken),
		UNIT_TEST(parameters_are_whole_pairs),
		UNIT_TEST(a_body_is_waited_for_to_its_end),
		UNIT_TEST(nothing_else_stands_in_the_place_of_a_body),
		UNIT_TEST(a_body_in_pieces_ends_where_it_ends),
		UNIT_TEST(a_parameter_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
