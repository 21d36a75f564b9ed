/* test_phrases.c -- lists of phrases and patterns with slots. */
#include "../../common/base/str.h"
#include "../../common/domain/text/phrases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* As scripts/embed-words writes them: sorted; a list in a pattern is a byte from 128 on. */
static const char     greetings_text[] = "good day\0good morning\0hi\0";
static const uint32_t greetings_at[] = {0, 9, 22};
static const char     patterns_text[] = "- her name is N\0"
										"my|the name is N\0"
										"^ \200* N here ;\0"
										"i'm N !from $\0"
										"call me back\0";
static const uint32_t patterns_at[] = {0, 16, 33, 47, 61};

static const struct phrases lists[] = {{greetings_text, greetings_at, 3, 192}};
static const struct phrases patterns = {patterns_text, patterns_at, 5, 0};

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
	assert_true(phrases_has(&lists[0], "hi"));
	assert_true(phrases_has(&lists[0], "good day"));
	assert_false(phrases_has(&lists[0], "good"));
	assert_int_equal(phrases_at(&lists[0], &u, 0), 2);
	assert_int_equal(phrases_at(&lists[0], &u, 1), 0);
	assert_int_equal(phrases_at(&lists[0], &u, 2), 1);
	assert_int_equal(phrases_at(&lists[0], &u, 3), 0);
	assert_int_equal(phrases_at(&lists[0], &u, 4), 0);
	assert_true(phrases_in(&lists[0], &u, 1, 3));
	assert_false(phrases_in(&lists[0], &u, 3, 9));
	arena_free(&a);
}

/* The words of the slot in the first match anywhere; NULL: none; "-": one that tells nothing. */
static const char *slot_in(struct ctx *cx, const char *text)
{
	struct utterance     u = tokens_split(cx, span_of(text));
	struct grammar       g = {lists, one_or_two_capitals, &u};
	struct pattern_match m;

	for (size_t i = 0; i < u.n; i++) {
		if (!pattern_at(&g, &patterns, &u, i, &m))
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
		{"call me back", ""},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_phrases),
		cmocka_unit_test(matches_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
