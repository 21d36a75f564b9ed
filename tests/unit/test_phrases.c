/* test_phrases.c -- lists of phrases and patterns with slots. */
#include "../../common/base/str.h"
#include "../../common/domain/lead/lexicon.h"
#include "../../common/domain/talk/act.h"
#include "../../common/domain/text/phrases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FEW_WORDS_TABLES
#include "tests/unit/few.words.h"

#define GREETINGS (&few_words[FEW_WORDS_GREETINGS])

static size_t one_or_two_capitals(const void *data, char kind, size_t i)
{
	const struct utterance *u = data;
	size_t                  to = i;

	assert_int_equal(kind, 'N');
	while (to < u->n && to < i + 2 && u->words[to].text.ptr[0] >= 'A' &&
	       u->words[to].text.ptr[0] <= 'Z')
		to++;
	return to;
}

static void finds_phrases(void **state)
{
	struct arena    *a = arena_new(4096);
	struct ctx       cx = {.arena = a};
	struct utterance u = tokens_split(&cx, SPAN("Good morning hi good"));

	(void)state;
	assert_true(phrases_has(GREETINGS, "hi"));
	assert_true(phrases_has(GREETINGS, "42"));
	assert_false(phrases_has(GREETINGS, "zebra"));
	assert_false(phrases_has(GREETINGS, ""));
	assert_false(phrases_has(GREETINGS, "\xe4\xbd\xa0"));
	assert_true(phrases_has(GREETINGS, "good day"));
	assert_false(phrases_has(GREETINGS, "good"));
	assert_int_equal(phrases_at(GREETINGS, &u, 0), 2);
	assert_int_equal(phrases_at(GREETINGS, &u, 1), 0);
	assert_int_equal(phrases_at(GREETINGS, &u, 2), 1);
	assert_int_equal(phrases_at(GREETINGS, &u, 3), 0);
	assert_int_equal(phrases_at(GREETINGS, &u, 4), 0);
	assert_true(phrases_in(GREETINGS, &u, 1, 3));
	assert_false(phrases_in(GREETINGS, &u, 3, 9));
	arena_free(&a);
}

/* The words of the slot in the first match anywhere; NULL: none; "-": one that tells nothing. */
static const char *slot_in(struct ctx *cx, const char *text)
{
	struct utterance     u = tokens_split(cx, span_of(text));
	struct grammar       g = {few_words, one_or_two_capitals, &u};
	struct pattern_match m;

	for (size_t i = 0; i < u.n; i++) {
		if (!pattern_at(&g, &few_words[FEW_WORDS_SAY_NAME], &u, i, &m))
			continue;
		if (m.is_refusal)
			return "-";
		return arena_printf(cx->arena, "%.*s",
		                    (int)tokens_text(&u, m.slots[0].from, m.slots[0].to).len,
		                    m.n ? tokens_text(&u, m.slots[0].from, m.slots[0].to).ptr : "");
	}
	return NULL;
}

static void matches_patterns(void **state)
{
	static const struct {
		const char *text, *slot;
	} cases[] = {
		{"well my name is Dana Reed and", "Dana Reed"},
		{"the name is Bond", "Bond"},
		{"a name is Bond", NULL},
		{"my name is dana", NULL},
		{"her name is Dana", "-"},
		{"my. Name is Dana", NULL},
		{"Hi good morning Dana here", "Dana"},
		{"Dana here", "Dana"},
		{"it is Dana here", NULL},
		{"Dana here we are", NULL},
		{"Dana here, hello", "Dana"},
		{"so i'm Dana", "Dana"},
		{"i'm Dana. from there", "Dana"},
		{"i'm Dana from there", NULL},
		{"i'm Dana ok", NULL},
		{"i'm Dana", "Dana"},
		{"and i'm Dana", "Dana"},
		{"please phone me back", ""},
		{"call me back", NULL},
		{"", NULL},
	};
	struct arena *a = arena_new(4096);
	struct ctx    cx = {.arena = a};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = slot_in(&cx, cases[i].text);

		if (got ? !cases[i].slot || !str_equal(got, cases[i].slot) : cases[i].slot != NULL)
			fail_msg("%s: \"%s\"", cases[i].text, got ? got : "");
	}
	arena_free(&a);
}

static size_t any_word(const void *data, char kind, size_t i)
{
	(void)data;
	(void)kind;
	return i + 1;
}

/* With what they can begin with, and with nothing known of that. */
static void compare_patterns(const struct phrases *lists, const struct phrases *patterns,
                             const struct utterance *u)
{
	struct phrases       blind = *patterns;
	struct grammar       g = {lists, any_word, NULL};
	struct pattern_match fast, slow;
	uint32_t            *all = test_malloc(patterns->n * sizeof(*all));

	for (size_t i = 0; i < patterns->n; i++)
		all[i] = PHRASES_STARTS - 1;
	blind.begins = all;
	for (size_t i = 0; i < u->n; i++) {
		bool fits = pattern_at(&g, patterns, u, i, &fast);

		if (fits != pattern_at(&g, &blind, u, i, &slow) || (fits && fast.to != slow.to))
			fail_msg("at word %zu of \"%.*s\"", i, (int)u->text.len, u->text.ptr);
	}
	test_free(all);
}

static void what_patterns_begin_with_hides_none(void **state)
{
	struct arena             *a = arena_new(1 << 16);
	struct ctx                cx = {.arena = a};
	size_t                    n, lists_n = 0;
	const struct act_example *examples = act_examples(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct utterance u = tokens_split(&cx, span_of(examples[i].text));

		for (size_t k = 0; k < LEAD_WORDS_LISTS; k++)
			if (lead_words[k].begins) {
				compare_patterns(lead_words, &lead_words[k], &u);
				lists_n++;
			}
		arena_reset(a);
	}
	assert_true(lists_n > n);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_patterns_begin_with_hides_none),
		cmocka_unit_test(finds_phrases),
		cmocka_unit_test(matches_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
