/* test_speakable.c -- whatever is written becomes what an English voice can say. */
#include "../../common/domain/voice/speakable.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *text, *said;
} cases[] = {
	{"Hello, Dana!", "Hello, Dana!"},
	{"“It’s café naïve” — Straße", "It's cafe naive, Strasse"},
	{"50% & more", "50 percent and more"},
	{"wait… ok 🎉👍🏽", "wait... ok"},
	{"a\u200bb e\u0301", "ab e"},
	{"well-known - or not", "well-known, or not"},
	{"**bold** `code` [x](y) tab", "bold code x y tab"},
	{"Łódź Čapek", "Lodz Capek"},
	{"One. Two? Three", "One.\nTwo?\nThree"},
	{"東京", ""},
	{"... !? —", ""},
	{"", ""},
	/* Signs, money, magnitudes. */
	{"It is -5 degrees. A -$500 loss.", "It is minus 5 degrees.\nA minus $500 loss."},
	{"−3 to +5 (-2)", "minus 3 to plus 5 minus 2"},
	{"€1,500.50 or £3", "1,500.50 euros or 3 pounds"},
	{"$5 or 5 $", "$5 or 5 dollars"},
	{"£10k a month", "10 thousand pounds a month"},
	{"€1.5m, $100k, $2.5bn, $1.5M",
     "1.5 million euros, 100 thousand dollars, 2.5 billion dollars, 1.5 million dollars"},
	{"£2 million and $5 million", "2 million pounds and 5 million dollars"},
	{"10k users, 5M, 5m, 5mm, Room 5B",
     "10 thousand users, 5 million, 5 meters, 5 millimeters, Room 5B"},
	{"US$5m and a loss of -£1.2m", "US 5 million dollars and a loss of minus 1.2 million pounds"},
	{"₹5 lakh to ₹2.5 crore, .5 or -3%",
     "5 lakh rupees to 2.5 crore rupees, 0.5 or minus 3 percent"},
	{"Mon–Fri, 25 m², info@bücher.example",
     "Mon to Fri, 25 square meters, info at bucher dot example"},
	{"zzgl. págs. 3", "zuzuglich paginas 3"},
	{"3 min. later, vs. them", "3 minutes later, versus them"},
	{"£1 and £1m and €1 and 10k€", "1 pound and 1 million pounds and 1 euro and 10 thousand euros"},
	{"1.234,50 € and 75.000 € and 0,5", "1,234.50 euros and 75,000 euros and 0.5"},
	{"1.5 Mio. € in 10000 pieces", "1.5 million euros in 10,000 pieces"},
	/* Ranges with any dash. */
	{"from 10–20 people", "from 10 to 20 people"},
	{"9 am–5 pm, 9am - 5pm", "9 a m to 5 p m, 9 a m to 5 p m"},
	{"9 a.m.–5 p.m. daily", "9 a m to 5 p m daily"},
	{"5-10k, £10–20k, $10—$20, 5%−10%",
     "5 to 10 thousand, 10 to 20 thousand pounds, $10 to $20, 5 percent to 10 percent"},
	{"15:30–16:00 and 2020 - 2024", "15:30 to 16:00 and 2020 to 2024"},
	{"10 - 5 = 5", "10 minus 5 equals 5"},
	/* Fractions, units, times. */
	{"1/2 and 3/4 and 1 1/2 and 3½", "1 half and 3 quarters and 1 and 1 half and 3 and one half"},
	{"24/7 and 12/31/1999", "24 7 and 12 31 1999"},
	{"20°C ½ 3×4 72 °F 5°",
     "20 degrees Celsius one half 3 times 4 72 degrees Fahrenheit 5 degrees"},
	{"5 km/h, 10kg, 1 GB, 3 GB, 5s",
     "5 kilometers per hour, 10 kilograms, 1 gigabyte, 3 gigabytes, 5 seconds"},
	{"the 1990s and 90s, A4, 5G", "the 1990s and 90s, A4, 5G"},
	{"$75/hour, €10/user/month", "$75 per hour, 10 euros per user per month"},
	{"C# and C++ and #1 and .NET", "C sharp and C plus plus and number 1 and dot NET"},
	{"~10, <5 min, ≥3", "about 10, less than 5 minutes, at least 3"},
	/* Dates and telephone numbers. */
	{"2026-11-27 and 3.5.2026 and 1.2.3", "November 27, 2026 and 3 5 2026 and 1 point 2 point 3"},
	{"555-123-4567 or +49 30 123456 or (555) 123-4567.",
     "5 5 5, 1 2 3, 4 5 6 7 or plus 4 9, 3 0, 1 2 3 4 5 6 or 5 5 5, 1 2 3, 4 5 6 7."},
	/* Addresses. */
	{"dana.reed@acme-corp.com.", "dana dot reed at acme dash corp dot com."},
	{"https://www.acme.com/pricing?x=1#a, www.x.de/", "acme dot com slash pricing, x dot de"},
	{"https://acme.io/a/path/that/nobody/could/ever/remember/at/all", "acme dot io"},
	{"See acme.io/docs or node.js.", "See acme dot io docs or node dot js."},
	/* Abbreviations end no sentence, unless they do. */
	{"Dr. Smith lives on Main St. in St. Paul.", "Dr Smith lives on Main St in St Paul."},
	{"Take e.g. No. 5. No. Yes.", "Take for example number 5.\nNo.\nYes."},
	{"Hr. Braun bzw. Fr. Klein, ca. 3, usw.",
     "Herr Braun beziehungsweise Frau Klein, circa 3, und so weiter."},
	{"At 5 p.m. the U.S. team met. It was 5 p.m.", "At 5 p m the U S team met.\nIt was 5 p m."},
};

static void puts_into_words(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(speakable_text(a, span_of(cases[i].text)), cases[i].said);
	arena_free(&a);
}

/* Nothing that has no end is read to its end. */
static void cuts_endless_runs(void **state)
{
	static const char *const runs[] = {"x", "9", "aGVsbG8rd29ybGQ/", "-", "9,", "a.", "9-"};
	struct arena            *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < COUNT(runs); i++) {
		struct buf text = buf_new(a, 0);

		while (text.len < 4000)
			buf_str(&text, runs[i]);
		assert_in_range(strlen(speakable_text(a, buf_span(&text))), 0, 1000);
	}
	assert_int_equal(strlen(speakable_text(a, SPAN("Donaudampfschifffahrtskapitän"))), 29);
	arena_free(&a);
}

static void takes_sentences(void **state)
{
	struct span rest = SPAN("One.\nTwo is here!\n...\nThree"), sentence;

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
		cmocka_unit_test(cuts_endless_runs),
		cmocka_unit_test(takes_sentences),
		cmocka_unit_test(takes_parts_of_a_long_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
