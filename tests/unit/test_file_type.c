/* What a file is by its bytes, whatever its sender says; and how files may be called. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/domain/files/file_type.h"
#include "../../common/domain/files/object_name.h"

#define BYTES(s) \
	{ \
		(s), sizeof(s) - 1 \
	}

static void test_types(void **state)
{
	static const struct {
		struct span bytes;
		const char *said, *type;
	} cases[] = {
		{BYTES("\x89PNG\r\n\x1a\n...."), "text/html", "image/png"},
		{BYTES("\xff\xd8\xff\xe0"), "", "image/jpeg"},
		{BYTES("RIFF....WEBPVP8 "), "", "image/webp"},
		{BYTES("RIFF....WAVEfmt "), "", "audio/wav"},
		{BYTES("OggS\0rest"), "video/ogg; codecs=theora", "video/ogg"},
		{BYTES("OggS\0rest"), "text/html", "audio/ogg"},
		{BYTES("%PDF-1.7"), "text/plain", "application/pdf"},
		{BYTES("PK\x03\x04..."),
	     "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{BYTES("PK\x03\x04..."), "application/vnd.openxmlformats-officedocument.x\r\nSet-Cookie: a",
	     "application/zip"},
		{BYTES("PK\x03\x04..."), "application/java-archive", "application/zip"},
		{BYTES("plain words"), "", "text/plain; charset=utf-8"},
		{BYTES("<!doctype html><script>"), "text/html", "text/plain; charset=utf-8"},
		{BYTES("<svg xmlns='x' onload='y'/>"), "image/svg+xml", "text/plain; charset=utf-8"},
		{BYTES("alert(1)"), "text/javascript", "text/plain; charset=utf-8"},
		{BYTES("a,b\n"), "TEXT/CSV; header=present", "text/csv; charset=utf-8"},
		{BYTES("{}"), "application/json", "application/json"},
		{BYTES("Gr\xc3\xbc\xc3\x9f"), "", "text/plain; charset=utf-8"},
		{BYTES("Gr\xc3"), "", "application/octet-stream"},
		{BYTES("\xff\xfe"
	           "a\0"),
	     "text/plain", "application/octet-stream"},
		{BYTES("a\0b"), "text/plain", "application/octet-stream"},
		{BYTES(""), "text/html", "text/plain; charset=utf-8"},
		{BYTES("MZ\x90\0\x03"), "audio/wav", "application/octet-stream"},
	};
	char to[FILE_TYPE_MAX + 32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *type = file_type_of(cases[i].bytes, span_of(cases[i].said), to);

		if (!str_equal(type, cases[i].type))
			fail_msg("%zu: %s, not %s", i, type, cases[i].type);
	}
}

/* A text that is longer than is looked at may be cut within a character there. */
static void test_long_text(void **state)
{
	static char text[4098];
	char        to[FILE_TYPE_MAX + 32];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 4095, "\xe2\x82\xac", 3);
	assert_string_equal(file_type_of((struct span){text, sizeof(text)}, SPAN(""), to),
	                    "text/plain; charset=utf-8");
	assert_string_equal(file_type_of((struct span){text, 4096}, SPAN(""), to),
	                    "text/plain; charset=utf-8");
	assert_string_equal(file_type_of((struct span){text, 4097}, SPAN(""), to),
	                    "text/plain; charset=utf-8");
	assert_string_equal(file_type_of((struct span){text + 1, 4095}, SPAN(""), to),
	                    "application/octet-stream");
}

static void test_shown(void **state)
{
	(void)state;
	assert_true(file_type_is_shown(SPAN("audio/mpeg")));
	assert_true(file_type_is_shown(SPAN("image/png")));
	assert_true(file_type_is_shown(SPAN("text/plain; charset=utf-8")));
	assert_false(file_type_is_shown(SPAN("image/svg+xml")));
	assert_false(file_type_is_shown(SPAN("text/html")));
	assert_false(file_type_is_shown(SPAN("application/pdf")));
	assert_false(file_type_is_shown(SPAN("application/octet-stream")));
}

static void test_names(void **state)
{
	static const char *const good[] = {
		"a", "a/b.txt", "...", "a..b/.c", "gr\xc3\xbc\xc3\x9f e/\xe5\x90\x8d", "?#%&+"};
	static const struct span bad[] = {BYTES(""),      BYTES("/a"),   BYTES("a/"),   BYTES("a//b"),
	                                  BYTES("."),     BYTES(".."),   BYTES("a/.."), BYTES("../a"),
	                                  BYTES("a/./b"), BYTES("a\\b"), BYTES("a\nb"), BYTES("a\0b"),
	                                  BYTES("a\x7f"), BYTES("a\xff")};
	static char              long_name[OBJECT_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (object_name_fault(span_of(good[i])))
			fail_msg("%s is no name", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!object_name_fault(bad[i]))
			fail_msg("%zu is a name", i);
	memset(long_name, 'x', sizeof(long_name));
	assert_null(object_name_fault((struct span){long_name, OBJECT_NAME_MAX}));
	assert_non_null(object_name_fault((struct span){long_name, OBJECT_NAME_MAX + 1}));
	assert_null(object_folder_fault(SPAN("")));
	assert_null(object_folder_fault(SPAN("a/b/")));
	assert_non_null(object_folder_fault(SPAN("a//")));
	assert_true(span_equal(object_name_last(SPAN("a/b/c.txt")), SPAN("c.txt")));
	assert_true(span_equal(object_name_last(SPAN("c.txt")), SPAN("c.txt")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
	                                   cmocka_unit_test(test_long_text),
	                                   cmocka_unit_test(test_shown), cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
