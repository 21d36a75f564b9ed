/* test_speakable.c -- whatever is written becomes what an English voice can say. */
#include "../../common/domain/voice/speakable.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void puts_into_words(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"Hello, Dana!", "Hello, Dana!"},
		{"“It’s caf\xc3\xa9 na\xc3\xafve” — Stra\xc3\x9f"
	     "e",
	     "It's cafe naive , Strasse"},
		{"50% & more", "50 percent and more"},
		{"\xe2\x82\xac"
	     "1,500.50 or £3",
	     "1,500.50 euros or 3 pounds"},
		{"$5 or 5 $", "$5 or 5 dollars"},
		{"dana@acme.com.", "dana at acme dot com."},
		{"wait\xe2\x80\xa6 ok 🎉👍🏽", "wait... ok"},
		{"a\xe2\x80\x8b"
	     "b e\xcc\x81",
	     "ab e"},
		{"well-known - or not", "well-known , or not"},
		{"**bold** `code` [x](y)\n\ttab", "bold code x y tab"},
		{"20\xc2\xb0"
	     "C ½ 3×4",
	     "20 degrees C one half 3 times 4"},
		{"Łódź Čapek", "Lodz Capek"},
		{"東京", ""},
		{"... !? —", ""},
		{"", ""},
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(speakable_text(a, span_of(cases[i].text)), cases[i].said);
	arena_free(&a);
}

static void breaks_endless_runs(void **state)
{
	struct arena *a = arena_new(4096);
	char          text[1001];
	const char   *said;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	said = speakable_text(a, span_of(text));
	assert_int_equal(strcspn(said, " "), 40);
	assert_int_equal(strlen(said), 1000 + 1000 / 40 - 1);
	arena_free(&a);
}

static void takes_sentences(void **state)
{
	struct span rest = SPAN("One. Two is here! ... Three"), sentence;

	(void)state;
	assert_true(speakable_next(&rest, &sentence));
	assert_true(span_equal(sentence, SPAN("One.")));
	assert_true(speakable_next(&rest, &sentence));
	assert_true(span_equal(sentence, SPAN("Two is here!")));
	assert_true(speakable_next(&rest, &sentence));
	assert_true(span_equal(sentence, SPAN("Three")));
	assert_false(speakable_next(&rest, &sentence));
}

static void takes_parts_of_a_long_one(void **state)
{
	char        text[2000];
	struct span rest = {text, sizeof(text)}, part;
	size_t      parts = 0, letters = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 7 == 6 ? ' ' : 'a';
	for (; speakable_next(&rest, &part); parts++) {
		assert_in_range(part.len, 1, SENTENCE_MAX);
		for (size_t i = 0; i < part.len; i++)
			letters += part.ptr[i] == 'a';
	}
	assert_in_range(parts, 7, 8);
	assert_int_equal(letters, 2000 - 2000 / 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_into_words),
		cmocka_unit_test(breaks_endless_runs),
		cmocka_unit_test(takes_sentences),
		cmocka_unit_test(takes_parts_of_a_long_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
