/* test_lead_score.c -- every row of the vector files, and what they can not say. */
#include "../../common/domain/lead/lead_score.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LINE_MAX_BYTES = 4096 };

/* Cuts the next tab-separated field off; NULL when it is empty. */
static char *next_field(char **line)
{
	char *from = *line, *tab;

	if (!from)
		return NULL;
	tab = strchr(from, '\t');
	if (tab)
		*tab = '\0';
	*line = tab ? tab + 1 : NULL;
	return *from ? from : NULL;
}

static void join_reasons(const struct lead_score *s, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->n_reasons; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s", i ? "," : "", s->reasons[i]);
}

/* Columns: intent role budget timeline org use_case email score reasons. */
static bool check_row(const char *file, unsigned row, char *line)
{
	struct extract    x = {.confidence = 1};
	struct lead_score s;
	const char       *intent = next_field(&line), *score, *reasons;
	char              got[512];

	assert_true(intent_of(intent, &x.intent));
	x.entities.role = next_field(&line);
	x.entities.budget_range = next_field(&line);
	x.entities.timeline = next_field(&line);
	x.entities.org_name = next_field(&line);
	x.entities.use_case = next_field(&line);
	x.entities.contact_email = next_field(&line);
	score = next_field(&line);
	reasons = next_field(&line);
	lead_score(&x, &s);
	join_reasons(&s, got, sizeof(got));
	if (s.score == (int)strtol(score, NULL, 10) && strcmp(got, reasons ? reasons : "") == 0)
		return true;
	print_error("%s:%u: got %d %s, want %s %s\n", file, row, s.score, got, score,
	            reasons ? reasons : "");
	return false;
}

static unsigned check_file(const char *file)
{
	FILE    *f = fopen(file, "r");
	char     line[LINE_MAX_BYTES];
	unsigned row = 0, rows = 0, wrong = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		row++;
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		rows++;
		wrong += !check_row(file, row, line);
	}
	fclose(f);
	assert_int_equal(wrong, 0);
	return rows;
}

static void scores_the_contract_vectors(void **state)
{
	(void)state;
	assert_true(check_file("tests/data/lead_vectors.tsv") >= 28);
}

static void scores_our_vectors(void **state)
{
	(void)state;
	assert_true(check_file("tests/data/lead_vectors_more.tsv") >= 60);
}

/* The vector files have no column for these three. */
static void looks_for_an_introduction_everywhere(void **state)
{
	const enum entity where[] = {ENTITY_person_name, ENTITY_channel, ENTITY_geo};

	(void)state;
	for (size_t i = 0; i < COUNT(where); i++) {
		struct extract    x = {.intent = INTENT_COLLABORATION};
		struct lead_score s;

		x.entities.text[where[i]] = "recommended by a friend";
		lead_score(&x, &s);
		assert_int_equal(s.score, 10);
		assert_string_equal(s.reasons[0], "warm_intro");
	}
}

static void ranks_by_score(void **state)
{
	(void)state;
	assert_string_equal(lead_priority(100), "high");
	assert_string_equal(lead_priority(70), "high");
	assert_string_equal(lead_priority(69), "medium");
	assert_string_equal(lead_priority(40), "medium");
	assert_string_equal(lead_priority(39), "low");
	assert_string_equal(lead_priority(0), "low");
}

/* Fields of 10 kB that begin a match at every byte; ten times the length may
 * cost about ten times the time, not a hundred times. */
static double seconds_for(size_t bytes, const char *unit)
{
	char             *text = malloc(bytes + 1);
	struct extract    x = {.intent = INTENT_ADVICE_REQUEST};
	struct lead_score s;
	struct timespec   from, to;
	size_t            len = strlen(unit);

	assert_non_null(text);
	for (size_t i = 0; i < bytes; i++)
		text[i] = unit[i % len];
	text[bytes] = '\0';
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		x.entities.text[i] = text;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	lead_score(&x, &s);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	free(text);
	assert_in_range(s.score, 0, 100);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void takes_linear_time(void **state)
{
	static const char *const units[] = {"vice ",        "1,",  "9",        "one hundred ",     "@",
	                                    "@google.com.", "no ", "fortune ", "market research ", "$",
	                                    "a ",           "2-",  "\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		double small = seconds_for(10000, units[i]), large = seconds_for(100000, units[i]);

		if (large > 40 * small + 0.05)
			fail_msg("\"%s\": %.4f s for 10 kB, %.4f s for 100 kB", units[i], small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_the_contract_vectors),
		cmocka_unit_test(scores_our_vectors),
		cmocka_unit_test(looks_for_an_introduction_everywhere),
		cmocka_unit_test(ranks_by_score),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
