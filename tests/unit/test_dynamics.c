/* test_dynamics.c -- when a hint is given and when not. */
#include "../../common/domain/talk/dynamics.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static bool has(const struct dynamics *d, enum dynamics_hint hint)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->hints[i] == hint)
			return true;
	return false;
}

static void judges_wording(void **state)
{
	static const struct {
		const char *message;
		bool        is_vague, is_striking, lacks_number;
	} cases[] = {
		{"we're working on stuff", true, false, false},
		{"There are some issues", true, false, false},
		{"this might help", true, false, false},
		{"We stuffed the envelopes", false, false, false},
		{"We had 300% growth", false, true, false},
		{"We are the first company to do it", false, true, false},
		{"We serve 2 million users", false, true, false},
		{"We serve two million users", false, true, false},
		{"We serve 2M users", false, true, false},
		{"It is revolutionary", false, true, false},
		{"We grew 60 percent", false, true, false},
		{"a 60% share", false, false, false},
		{"we grew 5%", false, false, false},
		{"it is 10x faster", false, true, false},
		{"it takes 3 times", false, false, false},
		{"a budget of 2 million dollars", false, false, false},
		{"our search is much better now", false, false, true},
		{"our search is 20 ms faster", false, false, false},
		{"our search is twice as fast", false, false, false},
		{"Hello, I'm Dana", false, false, false},
		{"", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dynamics    d;
		struct dynamics_in in = {.message = span_of(cases[i].message), .message_index = 2};

		dynamics_judge(&in, &d);
		if (has(&d, HINT_VAGUE) != cases[i].is_vague ||
		    has(&d, HINT_STRIKING) != cases[i].is_striking ||
		    has(&d, HINT_NO_NUMBER) != cases[i].lacks_number)
			fail_msg("case %zu: %s: %d %d %d", i, cases[i].message, has(&d, HINT_VAGUE),
			         has(&d, HINT_STRIKING), has(&d, HINT_NO_NUMBER));
		assert_false(d.should_keep);
	}
}

static void calls_back_every_fifth(void **state)
{
	static const char *const memories[] = {"Likes sailing",
	                                       "The visitor runs recommendations at Northwind"};
	struct dynamics_in       in = {.message = SPAN("our recommendation engine"),
	                               .message_index = 1,
	                               .memories = memories,
	                               .memories_n = 2};
	struct dynamics          d;

	(void)state;
	dynamics_judge(&in, &d);
	assert_true(has(&d, HINT_CALLBACK) && d.should_keep);
	assert_int_equal(d.marks.callback_at, 1);
	in.marks = d.marks;
	for (in.message_index = 2; in.message_index < 6; in.message_index++) {
		dynamics_judge(&in, &d);
		assert_false(has(&d, HINT_CALLBACK));
	}
	dynamics_judge(&in, &d);
	assert_true(has(&d, HINT_CALLBACK));
	in.message = SPAN("my garden");
	dynamics_judge(&in, &d);
	assert_false(has(&d, HINT_CALLBACK));
}

static void changes_perspective(void **state)
{
	static const struct {
		unsigned index, last, percent;
		bool     is_given;
	} cases[] = {
		{6, 0, 0, false},  {7, 0, 0, true},  {7, 0, 29, true},   {7, 0, 30, false},
		{14, 7, 0, false}, {15, 7, 0, true}, {15, 20, 0, false}, {99, 0, 99, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dynamics    d;
		struct dynamics_in in = {.message = SPAN("fine"),
		                         .message_index = cases[i].index,
		                         .marks.perspective_at = cases[i].last,
		                         .random_percent = cases[i].percent};

		dynamics_judge(&in, &d);
		if (has(&d, HINT_PERSPECTIVE) != cases[i].is_given || d.should_keep != cases[i].is_given)
			fail_msg("case %zu", i);
		assert_int_equal(d.marks.perspective_at,
		                 cases[i].is_given ? cases[i].index : cases[i].last);
	}
}

static void stays_linear(void **state)
{
	size_t             n = 500000;
	char              *text = malloc(n);
	struct dynamics    d;
	struct dynamics_in in = {.message = {text, n}, .message_index = 1};

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = "300 %first "[i % 11];
	dynamics_judge(&in, &d);
	assert_false(has(&d, HINT_VAGUE));
	free(text);
}

static void names_topics(void **state)
{
	(void)state;
	assert_true(dynamics_shares_topic(SPAN("Our searches are slow"), SPAN("search team")));
	assert_true(dynamics_shares_topic(SPAN("the RAG project"), SPAN("built RAG")));
	assert_false(dynamics_shares_topic(SPAN("what would you say"), SPAN("you would say that")));
	assert_false(dynamics_shares_topic(SPAN(""), SPAN("search")));
	assert_string_equal(dynamics_name(HINT_VAGUE), "vague");
	assert_non_null(strstr(dynamics_text(HINT_PERSPECTIVE), "perspective"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_wording),      cmocka_unit_test(calls_back_every_fifth),
		cmocka_unit_test(changes_perspective), cmocka_unit_test(stays_linear),
		cmocka_unit_test(names_topics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
