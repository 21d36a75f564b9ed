/* test_money.c -- amounts are read as numbers, and only money is taken from speech. */
#include "../../common/domain/lead/money.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void reads_amounts(void **state)
{
	static const struct {
		const char *text;
		uint64_t    low, high;
	} cases[] = {
		{"50k", 50000, 50000},
		{"$50,000", 50000, 50000},
		{"$49,999.99", 49999, 49999},
		{"USD 75k", 75000, 75000},
		{"€75.000", 75000, 75000},
		{"75.000,50 €", 75000, 75000},
		{"€1.5 million", 1500000, 1500000},
		{"1,5 Mio", 1500000, 1500000},
		{"1 500 000", 1500000, 1500000},
		{"1\u202f500\u00a0000 €", 1500000, 1500000},
		{"1'000'000 CHF", 1000000, 1000000},
		{"50K-100K", 50000, 100000},
		{"50-100k", 50000, 100000},
		{"$50 to $80k", 50000, 80000},
		{"$30,000–$75,000", 30000, 75000},
		{"between 50 and 80 thousand", 50000, 80000},
		{"fifty to eighty thousand", 50000, 80000},
		{"one hundred thousand dollars", 100000, 100000},
		{"one hundred and twenty-five thousand", 125000, 125000},
		{"two million three hundred thousand", 2300000, 2300000},
		{"one and a half million", 1500000, 1500000},
		{"half a million", 500000, 500000},
		{"a quarter of a million", 250000, 250000},
		{"one point two million", 1200000, 1200000},
		{"100 grand", 100000, 100000},
		{"a hundred grand", 100000, 100000},
		{"a couple of thousand", 2000, 2000},
		{"six figures", 100000, 100000},
		{"5 lakh", 500000, 500000},
		{"$1M", 1000000, 1000000},
		{"2bn", 2000000000, 2000000000},
		{"99999999999999999999999999 billion", MONEY_MAX, MONEY_MAX},
		{"0.5", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span  rest = span_of(cases[i].text);
		struct money m;

		assert_true(money_next(&rest, &m));
		if (m.low != cases[i].low || m.high != cases[i].high)
			fail_msg("%s: %llu to %llu", cases[i].text, (unsigned long long)m.low,
			         (unsigned long long)m.high);
	}
}

static void finds_no_number_in_words(void **state)
{
	static const char *const texts[] = {"",  "low", "tbd", "$", "a lot", "thousands of",
	                                    "k", "Q3",  "x50"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct span  rest = span_of(texts[i]);
		struct money m;

		if (money_next(&rest, &m))
			fail_msg("%s: %llu", texts[i], (unsigned long long)m.low);
		assert_int_equal(rest.len, 0);
	}
}

/* What was said, and the phrase that is a budget; "" is none. */
static void takes_only_money_from_speech(void **state)
{
	static const struct {
		const char *said, *phrase;
	} cases[] = {
		{"our budget is around $120,000 for this", "$120,000"},
		{"we have fifty thousand dollars", "fifty thousand dollars"},
		{"we could spend 80k on it", "80k"},
		{"maybe 80k", "80k"},
		{"between fifty and eighty thousand", "between fifty and eighty thousand"},
		{"a budget of 50000", "50000"},
		{"100 grand tops", "100 grand"},
		{"we have 50,000 users", ""},
		{"we have 50k users", ""},
		{"2 million downloads", ""},
		{"since 2019", ""},
		{"the budget for 2027", ""},
		{"call 4155550132", ""},
		{"we raised $5 million", ""},
		{"a 300 million dollar company", ""},
		{"revenue is $2M", ""},
		{"it costs $20 a month", ""},
		{"in 6 weeks", ""},
		{"one of my colleagues", ""},
		{"I have two questions", ""},
		{"50% growth", ""},
		{"between one hundred and one hundred fifty thousand euros",
	     "between one hundred and one hundred fifty thousand euros"},
		{"We pay 10k a month.", "10k a month"},
		{"we could pay maybe five hundred bucks", "five hundred bucks"},
		{"It costs us fifty thousand dollars.", "fifty thousand dollars"},
		{"up to 2 lakh rupees", "2 lakh rupees"},
		{"we raised a seed round so maybe thirty k", "thirty k"},
		{"reckon we've got about a hundred k to play with", "a hundred k"},
		{"We have no budget, revenue is $5 million.", ""},
		{"our competitor paid $40,000 for theirs", ""},
		{"last year we spent 20k", ""},
		{"we run GPT OSS 120B with 128k context", ""},
		{"a 70B model", ""},
		{"our budget is not fifteen", ""},
		{"we can stretch to twenty five", "twenty five"},
		{"we have about nine hundred suppliers", ""},
		{"the museum's got forty thousand glass negatives", ""},
	};

	struct arena *a = arena_new(4096);
	struct ctx    cx = {.arena = a};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct utterance u = tokens_split(&cx, span_of(cases[i].said));
		struct span      rest = u.text;
		struct money     m = {.text = SPAN("")};
		bool             is_found = money_next_spoken(&u, false, &rest, &m);

		if (is_found != (cases[i].phrase[0] != '\0') ||
		    (is_found && !span_equal(m.text, span_of(cases[i].phrase))))
			fail_msg("%s: \"%.*s\"", cases[i].said, (int)m.text.len, m.text.ptr);
	}
	arena_free(&a);
}

static void looks_at_its_own_text_only(void **state)
{
	struct arena    *a = arena_new(4096);
	struct ctx       cx = {.arena = a};
	struct span      said = {"we can spend 5000%", strlen("we can spend 5000")};
	struct utterance u = tokens_split(&cx, said);
	struct span      rest = u.text;
	struct money     m;

	(void)state;
	assert_true(money_next_spoken(&u, false, &rest, &m));
	assert_int_equal(m.high, 5000);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_amounts),
		cmocka_unit_test(finds_no_number_in_words),
		cmocka_unit_test(takes_only_money_from_speech),
		cmocka_unit_test(looks_at_its_own_text_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
