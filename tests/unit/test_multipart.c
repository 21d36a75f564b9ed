/* Forms as browsers and Node send them, and what is none. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/domain/files/multipart.h"

static struct multipart form(const char *text)
{
	return (struct multipart){.rest = span_of(text), .boundary = SPAN("B-1")};
}

static void assert_span(struct span is, const char *wanted)
{
	if (!span_equal(is, span_of(wanted)))
		fail_msg("\"%.*s\", not \"%s\"", (int)is.len, is.ptr, wanted);
}

static void test_parts(void **state)
{
	struct multipart m =
		form("--B-1\r\nContent-Disposition: form-data; name=\"cacheControl\"\r\n\r\n"
	         "3600\r\n--B-1 \t\r\ncontent-disposition: form-data; name=\"\"; "
	         "filename=\"a;b=c.txt\"\r\nCONTENT-TYPE:  text/plain \r\n"
	         "X-Other: y\r\n\r\nli\r\nne --B-1 \r\n--B-\r\n\r\n--B-1--\r\nbehind");
	struct multipart_part p;

	(void)state;
	assert_int_equal(multipart_next(&m, &p), MULTIPART_PART);
	assert_span(p.name, "cacheControl");
	assert_span(p.body, "3600");
	assert_span(p.type, "");
	assert_int_equal(multipart_next(&m, &p), MULTIPART_PART);
	assert_span(p.name, "");
	assert_span(p.file_name, "a;b=c.txt");
	assert_span(p.type, "text/plain");
	assert_span(p.body, "li\r\nne --B-1 \r\n--B-\r\n");
	assert_int_equal(multipart_next(&m, &p), MULTIPART_END);
	assert_int_equal(multipart_next(&m, &p), MULTIPART_END);
}

static void test_empty_parts(void **state)
{
	struct multipart m = form("--B-1\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--B-1\r\n"
	                          "Content-Disposition: form-data; name=b\r\n\r\n--B-1--");
	struct multipart_part p;

	(void)state;
	assert_int_equal(multipart_next(&m, &p), MULTIPART_PART);
	assert_span(p.name, "a");
	assert_int_equal(p.body.len, 0);
	assert_int_equal(multipart_next(&m, &p), MULTIPART_PART);
	assert_span(p.name, "b");
	assert_int_equal(p.body.len, 0);
	assert_int_equal(multipart_next(&m, &p), MULTIPART_END);
}

static void test_broken(void **state)
{
	static const char *const texts[] = {
		"",
		"--B-1",
		"--B-1\r\n",
		"\r\n--B-1\r\n\r\nx\r\n--B-1--",
		"--B-2\r\n\r\nx\r\n--B-2--",
		"--B-1\r\nname: x\r\n--B-1--\r\n",
		"--B-1\r\n\r\nx",
		"--B-1\r\n\r\nx--B-1--",
		"--B-1\r\n\r\nx\n--B-1--",
		"--B-1\r\n\r\nx\r\n--B-1",
		"--B-1\r\n\r\nx\r\n--B-1z\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct multipart      m = form(texts[i]);
		struct multipart_part p;

		if (multipart_next(&m, &p) != MULTIPART_BROKEN)
			fail_msg("%zu is taken", i);
	}
}

/* A part's headers end somewhere, however long the body is. */
static void test_long_head(void **state)
{
	static char           text[MULTIPART_HEAD_MAX + 100];
	struct multipart      m;
	struct multipart_part p;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "--B-1\r\n", 7);
	memcpy(text + sizeof(text) - 20, "\r\n\r\ny\r\n--B-1--", 15);
	m = form(text);
	assert_int_equal(multipart_next(&m, &p), MULTIPART_BROKEN);
}

static void test_boundary(void **state)
{
	static const struct {
		const char *type, *boundary;
	} cases[] = {
		{"multipart/form-data; boundary=abc", "abc"},
		{"Multipart/Form-Data; charset=x; BOUNDARY=\"a b\"; y", "a b"},
		{"multipart/form-data", ""},
		{"multipart/form-data; boundary=", ""},
		{"multipart/form-data; boundary=\"open", ""},
		{"multipart/mixed; boundary=abc", ""},
		{"text/plain; boundary=abc", ""},
		{"multipart/form-data; boundary="
	     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	     ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_span(multipart_boundary(span_of(cases[i].type)), cases[i].boundary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),    cmocka_unit_test(test_empty_parts),
		cmocka_unit_test(test_broken),   cmocka_unit_test(test_long_head),
		cmocka_unit_test(test_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
