/* test_sentence.c -- sentences end where a speaker would stop. */
#include "../../common/base/str.h"
#include "../../common/domain/text/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Each case is one text with its sentences separated by '|'. */
static const char *const cases[] = {
	"Hello there.| How are you?| Fine!",
	"Mr. Smith met Dr. Jones.| They talked.",
	"It costs 3.5 million, e.g. in May.| Really?!| Yes.",
	"The U.S. Congress met.| He left the U.S.| The end.",
	"We work at Acme Inc.| The team grew.",
	"Well... maybe.| Wait...| What now?",
	"Well… maybe.| So…| Then we left.",
	"\"Why?\" she asked.| \"No.\"| He left.",
	"Plan B.| Then we stop.",
	"J. R. Smith called.",
	"See No. 5 there.| The answer is no.| Good.",
	"1. First things first.| 2. Then the rest.",
	"今日は。|元気ですか？|はい！",
	"彼は「はい。」|と言った。",
	"One line\n|another line",
	"visit example.com/a.b now.| Ok.",
	"No end here",
	"(Like this.)| And that.",
	"I am 5 ft. tall",
	"Is it?| yes it is.",
	"At 5 p.m. we left.| It was 5 p.m.| We left.",
	/* German, French, Spanish */
	"Gerne, z. B. am 3. Mai um ca. 15 Uhr.| Passt das?",
	"Das kostet inkl. MwSt. ca. 3 Mio. Euro, d. h. viel.| Ist das gut?",
	"Der 2. Versuch im 19. Jahrhundert, vgl. Abs. 4.| Danach kam Hr. Braun.",
	"Wir nehmen Obst, Brot usw.| Das ist gut.| Termin: 12. November.| Gut.",
	"Ich bin am 3. da.| Sie sind auf Platz 3.| Danach kommt Nr. 4 bzw. Nr. 5.",
	"Der Bus kommt am 5.| Wir warten i. d. R. nicht.",
	"Mme. Martin et M. Dupont sont là, p. ex. demain.| Nous venons le 3 janv. 2027.",
	"On commence env. 9 h, tél. 01 23.| Merci.",
	"El Sr. García y la Sra. López viven en EE. UU. desde 2010.| ¿Y usted?",
	"Traiga frutas, p. ej. manzanas, pág. 12.| Gracias.",
	/* and what only looks like it */
	"I want plan b.| Then we go.| We have 3.| Now what?",
	"I am 30.| We need help.| It is the max.| Next.",
	"It took 3 min. and more.| No.",
	"Take vitamin c.| Best, Bob.",
};

static void splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char        text[256];
		size_t      n = 0;
		struct span rest, want = span_of(cases[i]), out;

		for (const char *p = cases[i]; *p; p++)
			if (*p != '|')
				text[n++] = *p;
		rest = (struct span){text, n};
		while (want.len) {
			const char *bar = memchr(want.ptr, '|', want.len);
			size_t      len = bar ? (size_t)(bar - want.ptr) : want.len;

			if (!sentence_next(&rest, &out, true))
				fail_msg("case %zu: too few sentences", i);
			if (!span_equal(out, span_trim((struct span){want.ptr, len})))
				fail_msg("case %zu: got \"%.*s\"", i, (int)out.len, out.ptr);
			want.ptr += bar ? len + 1 : len;
			want.len -= bar ? len + 1 : len;
		}
		if (sentence_next(&rest, &out, true))
			fail_msg("case %zu: also \"%.*s\"", i, (int)out.len, out.ptr);
	}
}

/* Arriving byte by byte, the sentences are the same as of the whole text. */
static void streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span whole = span_of(cases[i]), rest = {whole.ptr, 0}, all = whole, one, again;

		for (size_t end = 1; end <= whole.len; end++) {
			if (end < whole.len && ((unsigned char)whole.ptr[end] & 0xc0) == 0x80)
				continue;
			rest.len = (size_t)(whole.ptr + end - rest.ptr);
			while (sentence_next(&rest, &one, end == whole.len)) {
				assert_true(sentence_next(&all, &again, true));
				if (one.ptr != again.ptr || one.len != again.len)
					fail_msg("case %zu: \"%.*s\"", i, (int)one.len, one.ptr);
			}
		}
		assert_false(sentence_next(&all, &again, true));
	}
}

static void waits_for_what_follows(void **state)
{
	struct span rest = SPAN("It is 3."), out;

	(void)state;
	assert_false(sentence_next(&rest, &out, false));
	rest = SPAN("It is 3.5 m. ");
	assert_false(sentence_next(&rest, &out, false));
	rest = SPAN("It is. N");
	assert_true(sentence_next(&rest, &out, false));
	assert_true(span_equal(out, SPAN("It is.")));
	rest = SPAN("  \n ");
	assert_false(sentence_next(&rest, &out, true));
}

static void bounds_endless_text(void **state)
{
	char        text[5000];
	struct span rest, out;
	size_t      total = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 50)
		text[i] = i < 2500 ? ' ' : 'a';
	rest = (struct span){text, sizeof(text)};
	while (sentence_next(&rest, &out, true)) {
		assert_in_range(out.len, 1, SENTENCE_BYTES_MAX);
		total += out.len;
	}
	assert_in_range(total, 4900, 5000);
}

static void cuts_at_sentences(void **state)
{
	struct span text = SPAN(" One here. Two here. Three here.");

	(void)state;
	assert_true(span_equal(sentence_prefix(text, 2, 800), SPAN("One here. Two here.")));
	assert_true(span_equal(sentence_prefix(text, 9, 25), SPAN("One here. Two here.")));
	assert_true(span_equal(sentence_prefix(text, 9, 6), SPAN("One")));
	assert_true(span_equal(sentence_prefix(SPAN("Donaudampfer"), 9, 5), SPAN("Donau")));
	assert_int_equal(sentence_prefix(SPAN("  "), 2, 10).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),
		cmocka_unit_test(streams),
		cmocka_unit_test(waits_for_what_follows),
		cmocka_unit_test(bounds_endless_text),
		cmocka_unit_test(cuts_at_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
