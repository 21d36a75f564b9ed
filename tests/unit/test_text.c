/* UTF-8, base64, numbers, lists: the bytes everything else trusts. */
#include "unit.h"

#include "../../common/base/base64.h"
#include "../../common/base/str.h"
#include "../../common/base/utf8.h"

static void utf8_follows_rfc_3629(void **state)
{
	static const struct {
		const char *bytes;
		size_t      len;
		bool        is_valid;
	} cases[] = {
		{"", 0, true},
		{"plain", 5, true},
		{"\xc3\xa9", 2, true},          /* é */
		{"\xe2\x82\xac", 3, true},      /* € */
		{"\xf0\x9f\x98\x80", 4, true},  /* an emoji */
		{"\xf4\x8f\xbf\xbf", 4, true},  /* U+10FFFF */
		{"\xf4\x90\x80\x80", 4, false}, /* above it */
		{"\xed\xa0\x80", 3, false},     /* a surrogate */
		{"\xc0\x80", 2, false},         /* overlong NUL */
		{"\xe0\x80\xaf", 3, false},     /* overlong slash */
		{"\xf0\x80\x80\xaf", 4, false},
		{"\x80", 1, false}, /* a lone continuation */
		{"\xc3", 1, false}, /* cut */
		{"\xe2\x82", 2, false},
		{"a\xff", 2, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (utf8_is_valid((struct span){cases[i].bytes, cases[i].len}) != cases[i].is_valid)
			fail_msg("case %zu", i);
}

static void utf8_is_counted_cut_and_round_tripped(void **state)
{
	struct span text = SPAN("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), rest = text;
	char        again[16];
	size_t      n = 0;
	uint32_t    c;

	(void)state;
	assert_int_equal(utf8_length(text), 4);
	assert_int_equal(utf8_prefix(text, 5).len, 3); /* not into the middle of the euro sign */
	assert_int_equal(utf8_prefix(text, 6).len, 6);
	while ((c = utf8_next(&rest)) != 0)
		n += utf8_encode(c, again + n);
	assert_int_equal(n, text.len);
	assert_memory_equal(again, text.ptr, n);
}

static void base64_matches_rfc_4648(void **state)
{
	static const char *const vectors[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	char   text[16], bytes[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		size_t n = strlen(vectors[i][0]);

		base64_encode(vectors[i][0], n, text);
		assert_memory_equal(text, vectors[i][1], BASE64_ENCODED_BYTES(n));
		assert_true(base64_decode(span_of(vectors[i][1]), bytes, &len));
		assert_int_equal(len, n);
		assert_memory_equal(bytes, vectors[i][0], n);
	}
}

static void base64_without_padding_is_read_and_junk_is_not(void **state)
{
	static const char *const junk[] = {"Z",      "Zg=",  "Zg===", "Zh==", "Zm9=",    "Zm 9",
	                                   "Zm9v\n", "Z===", "=",     "Zm-_", "Zg==Zg=="};
	char                     bytes[16];
	size_t                   len;

	(void)state;
	assert_true(base64_decode(SPAN("Zm8"), bytes, &len));
	assert_int_equal(len, 2);
	for (size_t i = 0; i < COUNT(junk); i++)
		if (base64_decode(span_of(junk[i]), bytes, &len))
			fail_msg("took %s", junk[i]);
}

static void base64_of_other_encoders_is_made_plain(void **state)
{
	char text[] = "Zm9v\r\nYm\nF-_w=\r", copy[sizeof(text)];

	(void)state;
	assert_int_equal(base64_plain(span_of(text), copy), 11);
	assert_memory_equal(copy, "Zm9vYmF+/w=", 11);
	assert_int_equal(base64_plain(span_of(text), text), 11);
	assert_memory_equal(text, copy, 11);
	assert_int_equal(base64_plain(SPAN("a b\t"), text), 4);
}

static void numbers_are_whole_texts(void **state)
{
	int64_t i = 7;
	double  d;

	(void)state;
	assert_true(str_to_int("-42", -100, 100, &i));
	assert_int_equal(i, -42);
	assert_false(str_to_int("42x", 0, 100, &i));
	assert_false(str_to_int(" 42", 0, 100, &i));
	assert_false(str_to_int("", 0, 100, &i));
	assert_false(str_to_int("101", 0, 100, &i));
	assert_false(str_to_int("99999999999999999999", INT64_MIN, INT64_MAX, &i));
	assert_int_equal(i, -42);
	assert_true(str_to_double("0.5", &d));
	assert_false(str_to_double("nan", &d));
	assert_false(str_to_double("1e999", &d));
}

static void lists_lose_blanks(void **state)
{
	struct span rest = SPAN(" groq, ,local ,"), item;

	(void)state;
	assert_true(str_next_item(&rest, &item));
	assert_true(span_equal(item, SPAN("groq")));
	assert_true(str_next_item(&rest, &item));
	assert_true(span_equal(item, SPAN("local")));
	assert_false(str_next_item(&rest, &item));
}

static void uuids_are_told_from_others(void **state)
{
	(void)state;
	assert_true(str_is_uuid("0b0ec6d1-9a9e-4e3c-8f52-0123456789AB"));
	assert_false(str_is_uuid("0b0ec6d1-9a9e-4e3c-8f52-0123456789A"));
	assert_false(str_is_uuid("0b0ec6d1-9a9e-4e3c-8f52-0123456789ABC"));
	assert_false(str_is_uuid("0b0ec6d1x9a9e-4e3c-8f52-0123456789AB"));
	assert_false(str_is_uuid(""));
}

static void a_full_buffer_says_so_and_stays_whole(void **state)
{
	struct ctx *cx = *state;
	struct buf  b = buf_new(cx->arena, 10);

	assert_string_equal(buf_text(&b), "");
	buf_str(&b, "12345");
	buf_str(&b, "1234567");
	assert_true(b.is_full);
	assert_string_equal(buf_text(&b), "12345");
	buf_printf(&b, "%d", 678);
	assert_string_equal(buf_text(&b), "12345678");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(utf8_follows_rfc_3629),
		UNIT_TEST(utf8_is_counted_cut_and_round_tripped),
		UNIT_TEST(base64_matches_rfc_4648),
		UNIT_TEST(base64_without_padding_is_read_and_junk_is_not),
		UNIT_TEST(base64_of_other_encoders_is_made_plain),
		UNIT_TEST(numbers_are_whole_texts),
		UNIT_TEST(lists_lose_blanks),
		UNIT_TEST(uuids_are_told_from_others),
		UNIT_TEST(a_full_buffer_says_so_and_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
