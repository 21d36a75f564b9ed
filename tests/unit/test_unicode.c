/* test_unicode.c -- letters are compared as people take them for the same. */
#include "unit.h"

#include "../../common/base/str.h"
#include "../../common/base/unicode.h"
#include "../../common/base/utf8.h"

static void folds_what_is_written_otherwise(void **state)
{
	static const char *const same[][2] = {
		{"Dana Reyes 42", "dana reyes 42"},
		{"NGUY\u1ec4N V\u0102N H\u00d9NG", "nguyen van hung"},
		{"nguye\u0302\u0303n va\u0306n hu\u0300ng", "nguyen van hung"},
		{"\u0110\u1eb7ng", "dang"},
		{"\u0391\u039b\u0395\u039e\u0399\u039f\u03a3",
	     "\u03b1\u03bb\u03b5\u03be\u03b9\u03bf\u03c2"},
		{"\u0218tefan \u015eerban", "stefan serban"},
		{"Wei\u00df WEI\u1e9e", "weiss weiss"},
		{"Y\u0131ld\u0131z \u0130PEK", "yildiz ipek"},
		{"\u0141ukasz S\u00f8ren \u00c6gir \u00de\u00f3r", "lukasz soren aegir thor"},
		{"\uff24\uff41\uff4e\uff41", "dana"},
		{"\uff94\uff8f\uff80\uff9e", "\u30e4\u30de\u30c0"},
		{"\u0401\u043b\u043a\u0438\u043d", "\u0415\u041b\u041a\u0418\u041d"},
		{"\u05d3\u05b8\u05bc\u05e0\u05b8\u05d4", "\u05d3\u05e0\u05d4"},
		{"\u0623\u064e\u062d\u0645\u062f", "\u0627\u062d\u0645\u062f"},
		{"Anne\u00adMarie \u200dx", "annemarie x"},
		{"O\u2019Brien O\u02bcBrien", "o'brien o'brien"},
		{"\uae40\ubbfc\uc218", "\u1100\u1175\u11b7\u1106\u1175\u11ab\u1109\u116e"},
	};
	char a[200], b[200];

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_true(unicode_fold_text(span_of(same[i][0]), a, sizeof(a)));
		assert_true(unicode_fold_text(span_of(same[i][1]), b, sizeof(b)));
		assert_string_equal(a, b);
	}
}

static void tells_letters_apart(void **state)
{
	static const char *const other[][2] = {
		{"\u304b", "\u304c"},             /* ka and ga */
		{"\u0915\u093f", "\u0915\u0940"}, /* short and long i */
		{"\u0e01\u0e34", "\u0e01\u0e35"},
		{"o", "0"},
		{"\u0440", "p"},
	};
	char a[40], b[40];

	(void)state;
	for (size_t i = 0; i < COUNT(other); i++) {
		assert_true(unicode_fold_text(span_of(other[i][0]), a, sizeof(a)));
		assert_true(unicode_fold_text(span_of(other[i][1]), b, sizeof(b)));
		assert_string_not_equal(a, b);
	}
}

/* Whatever comes: within the bounds, and nothing more changes when it is folded again. */
static void folds_every_character_within_bounds(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x120000; c++) {
		char        text[8], once[40], twice[160];
		struct span one = {text, utf8_encode(c, text)};
		size_t      n = unicode_fold_text(one, once, sizeof(once));

		if (c >= 0xd800 && c < 0xe000)
			continue;
		assert_true(n <= UNICODE_GROWTH * one.len);
		unicode_fold_text((struct span){once, n}, twice, sizeof(twice));
		if (!str_equal(once, twice))
			fail_msg("U+%04X becomes %s, and that %s", c, once, twice);
	}
}

static void does_not_overrun(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(unicode_fold_text(SPAN("dan"), out, sizeof(out)), 3);
	assert_int_equal(unicode_fold_text(SPAN("dana reyes"), out, sizeof(out)), 0);
	assert_int_equal(unicode_fold_text(SPAN(""), out, sizeof(out)), 0);
	assert_string_equal(out, "");
}

static void knows_what_characters_are(void **state)
{
	(void)state;
	assert_true(unicode_is_word(0x1ec4) && unicode_is_word('7') && unicode_is_word(0x301));
	assert_false(unicode_is_word(0x2014) || unicode_is_word(0x1f600) || unicode_is_word(0xe000));
	assert_true(unicode_is_upper(0x1ec4) && unicode_is_upper(0x416) && unicode_is_upper('A'));
	assert_false(unicode_is_upper(0x1ec5) || unicode_is_upper(0x6771));
	assert_int_equal(unicode_script(0x6771), UNICODE_HAN);
	assert_int_equal(unicode_script(0x3042), UNICODE_HIRAGANA);
	assert_int_equal(unicode_script(0xff94), UNICODE_KATAKANA);
	assert_int_equal(unicode_script(0xae40), UNICODE_HANGUL);
	assert_int_equal(unicode_script(0xe01), UNICODE_UNSPACED);
	assert_int_equal(unicode_script('a'), UNICODE_SPACED);
	assert_int_equal(unicode_script('7'), UNICODE_NEUTRAL);
	assert_int_equal(unicode_script(0x3099), UNICODE_NEUTRAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(folds_what_is_written_otherwise),     UNIT_TEST(tells_letters_apart),
		UNIT_TEST(folds_every_character_within_bounds), UNIT_TEST(does_not_overrun),
		UNIT_TEST(knows_what_characters_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
