/* test_when.c -- the times a text speaks of, seen from Monday, 8 May 2023, 13:56 UTC. */
#include "../../common/domain/text/when.h"

#include "unit.h"

#define NOW INT64_C(1683554160000)

struct when_case {
	const char *text, *said; /* all spans as words, separated by "; " */
};

static const struct when_case cases[] = {
	{"I went yesterday", "7 May 2023 Sunday"},
	{"today, tomorrow", "8 May 2023 Monday; 9 May 2023 Tuesday"},
	{"on 7 May 2023", "7 May 2023 Sunday"},
	{"May 7th, 2023 was fine", "7 May 2023 Sunday"},
	{"the 7th of May", "7 May 2023 Sunday"},
	{"2023-05-07 it was", "7 May 2023 Sunday"},
	{"in May 2023", "May 2023"},
	{"last May", "May 2022"},
	{"last June", "June 2022"},
	{"in March", "March 2023"},
	{"next January", "January 2024"},
	{"last Friday", "5 May 2023 Friday"},
	{"last Monday", "1 May 2023 Monday"},
	{"on Monday", "8 May 2023 Monday"},
	{"next friday", "12 May 2023 Friday"},
	{"last week", "1 May 2023 Monday"},
	{"two weeks ago", "24 April 2023 Monday"},
	{"3 days ago", "5 May 2023 Friday"},
	{"a year ago", "2022"},
	{"last month", "April 2023"},
	{"five months ago", "December 2022"},
	{"back in 2019", "2019"},
	{"29 February 2024", "29 February 2024 Thursday"},
	{"last night", "7 May 2023 Sunday"},
	/* No time at all. */
	{"", ""},
	{"I may march on", ""},
	{"the sun sat there", ""},
	{"31 February 2023 does not exist", "February 2023"},
	{"room 1204, 5 apples", ""},
	{"last but not least", ""},
};

static void finds_times(void **state)
{
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct when_span spans[WHEN_MAX];
		size_t           n = when_find(span_of(cases[i].text), NOW, spans);
		struct buf       said = buf_new(cx->arena, 0);

		for (size_t k = 0; k < n; k++) {
			buf_str(&said, k ? "; " : "");
			when_say(&said, spans[k]);
		}
		if (!str_equal(buf_text(&said), cases[i].said))
			fail_msg("case %zu \"%s\": \"%s\"", i, cases[i].text, buf_text(&said));
	}
}

/* Before 1970 days are counted backwards, and weekdays go on. */
static void weekdays_go_back_for_ever(void **state)
{
	struct ctx      *cx = *state;
	struct when_span spans[WHEN_MAX];
	struct buf       said = buf_new(cx->arena, 0);

	assert_int_equal(when_find(SPAN("on Friday"), 0, spans), 1);
	when_say(&said, spans[0]);
	buf_str(&said, "; ");
	assert_int_equal(when_find(SPAN("last Monday"), -86400000, spans), 1);
	when_say(&said, spans[0]);
	assert_string_equal(buf_text(&said), "26 December 1969 Friday; 29 December 1969 Monday");
}

static void many_times_are_cut(void **state)
{
	struct ctx      *cx = *state;
	struct when_span spans[WHEN_MAX];
	struct buf       text = buf_new(cx->arena, 0);

	for (int i = 0; i < 100; i++)
		buf_str(&text, "yesterday ");
	assert_int_equal(when_find(buf_span(&text), NOW, spans), WHEN_MAX);
}

struct iso_case {
	const char *text;
	int64_t     ms; /* -1: no time */
};

static const struct iso_case iso_cases[] = {
	{"2023-05-08T13:56:00Z", NOW},
	{"2023-05-08T13:56Z", NOW},
	{"2023-05-08T13:56:00.000Z", NOW},
	{"2023-05-08T15:56:00+02:00", NOW},
	{"2023-05-08T08:56:00-0500", NOW},
	{"2023-05-08 13:56:00", NOW},
	{"2023-05-08T13:56:00.25Z", NOW + 250},
	{"1970-01-01", 0},
	{"2023-05-08T25:00:00Z", -1},
	{"2023-13-08", -1},
	{"2023-02-30", -1},
	{"1:56 pm on 8 May, 2023", -1},
	{"2023-05-08T13:56:00Zulu", -1},
	{"2023-05-08T", -1},
	{"", -1},
};

static void reads_iso(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(iso_cases); i++) {
		int64_t ms = -1;
		bool    is_time = when_parse_iso(iso_cases[i].text, &ms);

		if (is_time != (iso_cases[i].ms >= 0) || (is_time && ms != iso_cases[i].ms))
			fail_msg("case %zu \"%s\": %lld", i, iso_cases[i].text, (long long)ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(finds_times),
		UNIT_TEST(weekdays_go_back_for_ever),
		UNIT_TEST(many_times_are_cut),
		UNIT_TEST(reads_iso),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
