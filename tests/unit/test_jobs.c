/* The pauses between the attempts of a job. */
#include "unit.h"

#include "../../common/work/workers.h"

static void pauses_grow_up_to_an_hour(void **state)
{
	(void)state;
	assert_int_equal(workers_pause_ms(2000, 1, 100, 0), 2000);
	assert_int_equal(workers_pause_ms(2000, 2, 100, 0), 8000);
	assert_int_equal(workers_pause_ms(2000, 6, 100, 0), 2048000);
	assert_int_equal(workers_pause_ms(2000, 7, 100, 0), 3600000);
	assert_int_equal(workers_pause_ms(2000, 1000000, 100, 0), 3600000);
	assert_int_equal(workers_pause_ms(7200000, 1, 100, 0), 3600000);
}

static void pauses_are_spread(void **state)
{
	(void)state;
	assert_int_equal(workers_pause_ms(2000, 1, 0, 0), 1000);
	assert_int_equal(workers_pause_ms(2000, 1, 50, 0), 1500);
	assert_int_equal(workers_pause_ms(1, 1, 0, 0), 0);
}

static void who_refused_may_ask_for_longer(void **state)
{
	(void)state;
	assert_int_equal(workers_pause_ms(2000, 1, 0, 60000), 60000);
	assert_int_equal(workers_pause_ms(2000, 4, 100, 60000), 128000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_up_to_an_hour),
		cmocka_unit_test(pauses_are_spread),
		cmocka_unit_test(who_refused_may_ask_for_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
