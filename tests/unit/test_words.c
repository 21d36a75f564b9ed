/* test_words.c -- words are split and matched as people mean them. */
#include "../../common/domain/text/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void splits(void **state)
{
	static const char *const want[] = {"I’m", "Dana", "o'neil", "50k", "naïve", "東京", "co", "op"};
	struct span rest = SPAN("I’m Dana, 'o'neil' — $50k! naïve 🎉東京\u200bco-op..."), word;
	size_t      n = 0;

	(void)state;
	for (; words_next(&rest, &word); n++) {
		assert_true(n < COUNT(want));
		assert_int_equal(word.len, strlen(want[n]));
		assert_memory_equal(word.ptr, want[n], word.len);
	}
	assert_int_equal(n, COUNT(want));
	assert_int_equal(words_count(SPAN(" ... ")), 0);
	assert_int_equal(words_count(SPAN("")), 0);
}

static void finds_whole_words_only(void **state)
{
	static const struct {
		const char *text, *phrase;
		bool        found;
	} cases[] = {
		{"She is the VP of sales", "vp", true},
		{"MVP launch", "vp", false},
		{"vice-president", "vice president", true},
		{"Vice \n President", "vice president", true},
		{"vice, president", "vice president", false},
		{"the CEO's plan", "ceo", true},
		{"the CEO’s plan", "CEO", true},
		{"CEO's office", "ceo office", false},
		{"I don’t know", "don't", true},
		{"I don't", "don", false},
		{"research", "search", false},
		{"AI strategy", "ai strategy", true},
		{"a a b", "a b", true},
		{"head", "head of", false},
		{"anything", "", false},
		{"", "a", false},
		{"café", "caf", false},
		{"snake_case", "snake case", true},
		{"go.", "go", true},
		{"ask Jos\u00e9 about it", "jose", true},
		{"ask jose about it", "JOS\u00c9", true},
		{"ask JOSE\u0301 about it", "jos\u00e9", true},
		{"ask Josef about it", "jos\u00e9", false},
		{"\u00c9lodie came", "elodie", true},
		{"\u00c9lodie came", "lodie", false},
		{"die Stra\u00dfe", "strasse", true},
		{"\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2", true},
		{"r\u00e9sum\u00e9s", "resume", false},
		{"vice\u2011president", "vice president", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (words_contain(span_of(cases[i].text), cases[i].phrase) != cases[i].found)
			fail_msg("case %zu: \"%s\" in \"%s\"", i, cases[i].phrase, cases[i].text);
}

/* Whatever the first character of a phrase tells. */
static void finds_any_of_a_list(void **state)
{
	static const struct {
		const char *text, *list[2], *found;
	} cases[] = {
		{"We sell Boats and cars", {"cars", "boats"}, "cars"},
		{"we sell boats", {"Cars", "BOATS"}, "BOATS"},
		{"we sell boats", {"cars", "sell cars"}, NULL},
		{"ein übles Boot", {"boote", "übles boot"}, "übles boot"},
		{"we sell boats", {"übles", "-sell"}, "-sell"},
		{"we sell boats", {"", "ells"}, NULL},
		{"in 3 weeks", {"4 weeks", "3 weeks"}, "3 weeks"},
		{"", {"a", ""}, NULL},
		{"von \u00c9lodie", {"elodia", "elodie"}, "elodie"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *found = WORDS_ANY(span_of(cases[i].text), cases[i].list);

		if (found != cases[i].found && (!found || !cases[i].found || strcmp(found, cases[i].found)))
			fail_msg("case %zu: \"%s\"", i, found ? found : "nothing");
	}
}

/* Where scripts meet that are written with and without spaces; marks and digits go with both. */
static void splits_scripts(void **state)
{
	static const char *const want[] = {"\u79c1\u306f",
	                                   "Dana",
	                                   "\u3067\u3059",
	                                   "2026\u5e743\u6708",
	                                   "Jose\u0301",
	                                   "\u0e19\u0e34\u0e14",
	                                   "50k",
	                                   "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
	                                   "\uae40\ubbfc\uc218",
	                                   "VIP",
	                                   "Anne\u00adMarie",
	                                   "a"};
	struct span
		rest = SPAN(
			"\u79c1\u306fDana\u3067\u3059\u3002 2026\u5e743\u6708 Jose\u0301\u0e19\u0e34\u0e14 50k "
			"\u0639\u0644\u06cc\u200c\u0631\u0636\u0627 \uae40\ubbfc\uc218VIP Anne\u00adMarie\u00ad"
			" \u0301\ufe0f a\u200d"),
		word;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(words_next(&rest, &word));
		if (!span_equal(word, span_of(want[i])))
			fail_msg("\"%.*s\" instead of \"%s\"", (int)word.len, word.ptr, want[i]);
	}
	assert_false(words_next(&rest, &word));
}

static void tells_where(void **state)
{
	static const char *const list[] = {"asap", "this month"};
	struct span              at = words_find(SPAN("well, This-Month or so"), "this month"), after;

	(void)state;
	assert_int_equal(at.len, 10);
	assert_memory_equal(at.ptr, "This-Month", 10);
	assert_string_equal(WORDS_ANY(SPAN("this month"), list), "this month");
	assert_null(WORDS_ANY(SPAN("this year"), list));
	assert_true(words_start_with(SPAN("  -- My name is Dana"), "my name is", &after));
	assert_true(span_equal(after, SPAN(" Dana")));
	assert_false(words_start_with(SPAN("well my name is"), "my name is", NULL));
}

static void knows_stop_words(void **state)
{
	(void)state;
	assert_true(words_is_stop(SPAN("The")));
	assert_true(words_is_stop(SPAN("I’m")));
	assert_true(words_is_stop(SPAN("a")));
	assert_true(words_is_stop(SPAN("yourself")));
	assert_true(words_is_stop(SPAN("haven't")));
	assert_true(words_is_stop(SPAN("over")));
	assert_false(words_is_stop(SPAN("search")));
	assert_false(words_is_stop(SPAN("")));
	assert_false(words_is_stop(SPAN("für")));
	assert_false(words_is_stop(SPAN("incomprehensibilities")));
	assert_true(words_is_capitalised(SPAN("Dana")));
	assert_false(words_is_capitalised(SPAN("dana")));
	assert_false(words_is_capitalised(SPAN("")));
	assert_true(words_is_capitalised(SPAN("\u00c9lodie")));
	assert_false(words_is_capitalised(SPAN("\u00e9lodie")));
	assert_false(words_is_capitalised(SPAN("\u6771")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),
		cmocka_unit_test(finds_whole_words_only),
		cmocka_unit_test(finds_any_of_a_list),
		cmocka_unit_test(splits_scripts),
		cmocka_unit_test(tells_where),
		cmocka_unit_test(knows_stop_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
