/* test_clock.c -- times that several threads note: what is later than now is not ages ago. */
#include "unit.h"

#include "../../common/base/clock.h"

static void what_has_elapsed(void **state)
{
	(void)state;
	assert_int_equal(clock_elapsed_ms(5, 12), 7);
	assert_int_equal(clock_elapsed_ms(12, 12), 0);
}

static void what_another_thread_noted_after_our_look_was_just_now(void **state)
{
	(void)state;
	assert_int_equal(clock_elapsed_ms(13, 12), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(what_has_elapsed),
		UNIT_TEST(what_another_thread_noted_after_our_look_was_just_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
