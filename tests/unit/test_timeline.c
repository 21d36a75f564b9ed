/* test_timeline.c -- urgency is told as the contract says; phrases are found in speech.
 *
 * The many spellings of urgency are rows of tests/data/lead_vectors_more.tsv. */
#include "../../common/domain/lead/timeline.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void tells_urgency(void **state)
{
	static const char *const urgent[] = {
		"now",        "ASAP!",     "this quarter",     "Q1 2027",
		"in 6 weeks", "six weeks", "within 4-6 weeks", "no later than next month"};
	static const char *const patient[] = {"",
	                                      "unknown",
	                                      "no rush",
	                                      "16 weeks",
	                                      "no rush, sometime in Q3",
	                                      "six to eight weeks",
	                                      "next year",
	                                      "not urgent",
	                                      "FAQ1"};

	(void)state;
	for (size_t i = 0; i < COUNT(urgent); i++)
		if (!timeline_is_urgent(span_of(urgent[i])))
			fail_msg("not urgent: %s", urgent[i]);
	for (size_t i = 0; i < COUNT(patient); i++)
		if (timeline_is_urgent(span_of(patient[i])))
			fail_msg("urgent: %s", patient[i]);
}

/* What was said, and the phrase that says when; "" is none. */
static void finds_phrases_in_speech(void **state)
{
	static const struct {
		const char *said, *phrase;
	} cases[] = {
		{"we'd like to start in six weeks if possible", "in six weeks"},
		{"by the end of this quarter", "by the end of this quarter"},
		{"we need it asap", "asap"},
		{"there's no rush, sometime in Q3", "no rush, sometime in Q3"},
		{"we want to launch in early march", "in early march"},
		{"our deadline is Q4 2027", "Q4 2027"},
		{"within the next four to six weeks", "within the next four to six weeks"},
		{"sometime next year", "sometime next year"},
		{"before christmas", "before christmas"},
		{"we may need help", ""},
		{"can we talk next week", ""},
		{"call me tomorrow", ""},
		{"we launched two weeks ago", ""},
		{"we were founded in march", ""},
		{"last month was good", ""},
		{"it's no longer urgent", ""},
		{"it was urgent last year", ""},
		{"We pay 10k a month.", ""},
		{"it has to be live before diwali", "before diwali"},
		{"by the end of our fiscal year", "by the end of our fiscal year"},
		{"we're aiming for q three", "q three"},
		{"the annual meeting on the ninth of april", "on the ninth of april"},
		{"a website for our school fair on 12 June", "on 12 June"},
		{"we need it by 3 March", "by 3 March"},
		{"we need it by March 3rd", "by March 3rd"},
		{"we want to launch on June 12, in Leeds", "on June 12"},
		{"the fair is 12 June, so we need it soon", "12 June"},
		{"we need it by 3 march 2027", "by 3 march 2027"},
		{"sorry, it's the 5th of March", "the 5th of March"},
		{"it's the twenty fifth of May that we need it", "the twenty fifth of May"},
		{"the 5th of June is when we need all of it", "the 5th of June"},
		{"it was the first march of theirs to the sea", ""},
		{"of them 3 may come along one day with us", ""},
		{"we need it for 45 june bugs", "june"},
		{"we want to launch in June 12 times bigger", "in June"},
		{"hello there", ""},
		{"I work there three days a week and it is fun", ""},
	};
	struct ctx cx = {.arena = arena_new(4096)};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct utterance u = tokens_split(&cx, span_of(cases[i].said));
		size_t           at = 0, from = 0, to = 0;
		bool             is_found = timeline_next(&u, false, &at, &from, &to);
		struct span      phrase = tokens_text(&u, from, to);

		if (is_found != (cases[i].phrase[0] != '\0') ||
		    (is_found && !span_equal(phrase, span_of(cases[i].phrase))))
			fail_msg("%s: \"%.*s\"", cases[i].said, (int)phrase.len, phrase.ptr);
	}
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_urgency),
		cmocka_unit_test(finds_phrases_in_speech),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
