/* test_spoken_language.c -- a language is known by its code, its region and its name. */
#include "../../common/domain/voice/spoken_language.h"
#include "unit.h"

static void knows_codes_regions_and_names(void **state)
{
	static const char *const cases[][2] = {
		{"en", "en"},         {"EN", "en"},      {"en-US", "en"},    {"pt_BR", "pt"},
		{"zh-Hant-TW", "zh"}, {"english", "en"}, {" German ", "de"}, {"Haitian Creole", "ht"},
		{"mandarin", "zh"},   {"yue-HK", "yue"}, {"haw", "haw"},     {"nb-NO", "no"},
		{"English-US", "en"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(spoken_language_code(cases[i][0]), cases[i][1]);
}

static void leaves_the_rest_to_the_recogniser(void **state)
{
	static const char *const none[] = {"",  " ",        "auto", "AUTO", "detect",
	                                   "e", "eng lish", "-",    "xx"};

	(void)state;
	assert_null(spoken_language_code(NULL));
	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(spoken_language_code(none[i]));
}

static void tells_what_may_be_a_language(void **state)
{
	static const char *const may_be[] = {"",        "auto", "AUTO", "en",    "pt_BR",
	                                     "English", "xx",   "ga",   "ga-IE", "Haitian Creole"};
	static const char *const none[] = {"klingon", "e", "eng lish", "-", "-US", "7", "e7", "detect"};

	(void)state;
	assert_true(spoken_language_may_be(NULL));
	for (size_t i = 0; i < COUNT(may_be); i++)
		assert_true(spoken_language_may_be(may_be[i]));
	for (size_t i = 0; i < COUNT(none); i++)
		assert_false(spoken_language_may_be(none[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_codes_regions_and_names),
		cmocka_unit_test(leaves_the_rest_to_the_recogniser),
		cmocka_unit_test(tells_what_may_be_a_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
