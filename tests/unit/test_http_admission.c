/* test_http_admission.c -- who may ask for a stream, and who stands in line. */
#include "../../common/call/http_admission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define CALLS    80
#define STILL_MS 300u

static uint64_t         now_ms = 1000;
static struct exchange *calls[CALLS];
static size_t           calls_n;

static uint64_t now(void)
{
	return now_ms;
}

static struct exchange *entered(const char *url, bool must_wait)
{
	struct exchange *x =
		exchange_new(&(struct http_call){.url = url}, &(struct trace){.id = ""}, 1000);

	assert_true(calls_n < CALLS);
	calls[calls_n++] = x;
	assert_int_equal(admission_enter(x), !must_wait);
	return x;
}

static int tear_down(void **state)
{
	(void)state;
	while (calls_n) {
		struct exchange *x = calls[--calls_n];

		admission_leave(x, false);
		exchange_disarm(x);
		exchange_release(x);
	}
	return 0;
}

/* So many go in now, each at once with a stream. */
static unsigned let_in(bool on_new_connections)
{
	struct exchange *in[CALLS];
	unsigned         n = 0;

	while ((in[n] = admission_next()))
		n++;
	for (unsigned i = 0; i < n; i++)
		admission_connected(in[i], on_new_connections);
	return n;
}

static void one_goes_first(void **state)
{
	struct exchange *first = entered("https://first.test/x", false);
	struct exchange *second = entered("https://first.test?y", true);
	struct exchange *third = entered("https://first.test", true);

	(void)state;
	assert_null(admission_next());
	admission_connected(first, true);
	assert_ptr_equal(admission_next(), second);
	assert_null(admission_next());
	admission_connected(second, false);
	assert_ptr_equal(admission_next(), third);
}

static void other_lines_are_not_held_up(void **state)
{
	(void)state;
	entered("https://dead.test/", false);
	entered("https://dead.test/", true);
	entered("https://dead.test:444/", false);
	entered("https://alive.test/", false);
	assert_null(admission_next());
}

static void not_all_stand_in_line(void **state)
{
	struct http_call once = {.url = "https://once.test/", .is_once = true};

	(void)state;
	for (int i = 0; i < 3; i++) {
		entered("http://plain.test/", false);
		calls[calls_n] = exchange_new(&once, &(struct trace){.id = ""}, 1000);
		assert_true(admission_enter(calls[calls_n++]));
	}
}

/* Some 100 streams of a connection in use: what is tried then costs 16 connections, and the next
 * few try less. */
static void goes_in_by_what_fits(void **state)
{
	struct exchange *first = entered("https://wide.test/", false);

	(void)state;
	for (int i = 0; i < 60; i++)
		entered("https://wide.test/", true);
	admission_connected(first, true);
	for (unsigned n = 1; n <= 16; n *= 2)
		assert_int_equal(let_in(false), n);
	assert_int_equal(let_in(true), 16);
	assert_int_equal(let_in(true), 4);
	assert_int_equal(let_in(false), 4);
	assert_int_equal(let_in(false), 5);
}

/* The second one made a connection beside the first one's. */
static void knows_who_does_not_share(void **state)
{
	struct exchange *first = entered("https://old.test/", false), *second;

	(void)state;
	second = entered("https://old.test/", true);
	for (int i = 0; i < 20; i++)
		entered("https://old.test/", true);
	admission_connected(first, true);
	assert_ptr_equal(admission_next(), second);
	assert_null(admission_next());
	admission_connected(second, true);
	assert_int_equal(let_in(true), 20);
	entered("https://old.test/", false);
	entered("https://old.test/", false);
	admission_answered(first, true); /* it was HTTP/2 all the same */
	entered("https://old.test/", true);
}

/* And remembers it when all have left. */
static void is_told_by_an_answer(void **state)
{
	struct exchange *first = entered("https://told.test/", false);

	(void)state;
	entered("https://told.test/", true);
	admission_connected(first, true);
	admission_answered(first, false);
	assert_int_equal(let_in(true), 1);
	tear_down(NULL);
	entered("https://told.test/", false);
	entered("https://told.test/", false);
}

static void a_line_that_stands_still_widens(void **state)
{
	struct exchange *first = entered("https://still.test/", false), *x;

	(void)state;
	for (int i = 0; i < 10; i++)
		entered("https://still.test/", true);
	assert_int_equal(admission_sleep_ms(1000), STILL_MS);
	now_ms += STILL_MS - 1;
	assert_null(admission_next());
	now_ms++;
	x = admission_next();
	assert_non_null(x);
	assert_null(admission_next());
	now_ms += STILL_MS;
	assert_non_null(admission_next());
	assert_non_null(admission_next());
	assert_null(admission_next());
	admission_leave(first, true); /* and for one that fails, at once */
	for (int i = 0; i < 5; i++)
		assert_non_null(admission_next());
	assert_null(admission_next());
	admission_leave(x, false); /* one that was dropped makes place for one */
	assert_non_null(admission_next());
	assert_null(admission_next());
}

/* Wherever they stood. */
static void who_is_dropped_leaves_the_line(void **state)
{
	struct exchange *first = entered("https://drop.test/", false), *line[4];

	(void)state;
	for (size_t i = 0; i < COUNT(line); i++)
		line[i] = entered("https://drop.test/", true);
	admission_leave(line[0], false);
	admission_leave(line[3], false);
	admission_leave(line[3], false);
	admission_leave(first, false);
	assert_ptr_equal(admission_next(), line[1]);
	admission_leave(line[1], false);
	assert_ptr_equal(admission_next(), line[2]);
	admission_leave(line[2], false);
	assert_null(admission_next());
	assert_int_equal(admission_sleep_ms(1000), 1000);
	entered("https://drop.test/", false);
	assert_false(admission_enter(line[0]));
}

/* After a pause the connections may be gone: one goes first again. */
static void begins_anew_after_a_pause(void **state)
{
	struct exchange *first = entered("https://pause.test/", false);

	(void)state;
	entered("https://pause.test/", true);
	admission_connected(first, true);
	assert_int_equal(let_in(false), 1);
	tear_down(NULL);
	entered("https://pause.test/", false);
	entered("https://pause.test/", true);
}

/* The table is full of those in use: further ones have no line, and all is well when they left. */
static void keeps_a_bounded_number_of_lines(void **state)
{
	char url[64];

	(void)state;
	for (int i = 0; i < 32; i++) {
		snprintf(url, sizeof(url), "https://h%d.test/", i);
		entered(url, false);
	}
	entered("https://h31.test/", true);
	entered("https://more.test/", false);
	entered("https://more.test/", false);
	tear_down(NULL);
	entered("https://more.test/", false);
	entered("https://more.test/", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_goes_first, tear_down),
		cmocka_unit_test_teardown(other_lines_are_not_held_up, tear_down),
		cmocka_unit_test_teardown(not_all_stand_in_line, tear_down),
		cmocka_unit_test_teardown(goes_in_by_what_fits, tear_down),
		cmocka_unit_test_teardown(knows_who_does_not_share, tear_down),
		cmocka_unit_test_teardown(is_told_by_an_answer, tear_down),
		cmocka_unit_test_teardown(a_line_that_stands_still_widens, tear_down),
		cmocka_unit_test_teardown(who_is_dropped_leaves_the_line, tear_down),
		cmocka_unit_test_teardown(begins_anew_after_a_pause, tear_down),
		cmocka_unit_test_teardown(keeps_a_bounded_number_of_lines, tear_down),
	};

	clock_set_for_test(now);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
