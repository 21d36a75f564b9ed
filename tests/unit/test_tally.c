/* test_tally.c -- what was used wanes, and a full table forgets the least. */
#include "unit.h"

#include "../../common/base/tally.h"

/* One each second. */
static double wane(double used, uint64_t ms)
{
	double left = used - (double)ms / 1000;

	return left > 0 ? left : 0;
}

static struct tallies t;

static void expect(uint64_t key, uint64_t now_ms, double used)
{
	assert_int_equal(tally_used(&t, key, now_ms), used);
}

static void what_was_used_wanes(void **state)
{
	(void)state;
	t = (struct tallies){.wane = wane};
	tally_add(&t, 7, 10, 1000);
	expect(7, 1000, 10);
	expect(8, 1000, 0);
	expect(7, 5000, 6);
	tally_add(&t, 7, 10, 5000);
	expect(7, 6000, 15);
	expect(7, 4000, 16); /* a clock that was read before */
	tally_add(&t, 7, -100, 6000);
	expect(7, 6000, 0);
	tally_add(&t, 7, 1, 6000);
	expect(7, 6000, 1);
}

static void nobody_uses_nothing(void **state)
{
	(void)state;
	t = (struct tallies){.wane = wane};
	tally_add(&t, 0, 10, 0);
	expect(0, 0, 0);
}

static void a_full_table_forgets_who_used_least(void **state)
{
	const uint64_t last = 100 * TALLY_SETS * TALLY_WAYS;

	(void)state;
	t = (struct tallies){.wane = wane};
	tally_add(&t, last + 1, 1000, 0);
	for (uint64_t key = 1; key <= last; key++)
		tally_add(&t, key, 2 + (double)(key % 3), 0);
	expect(last + 1, 0, 1000);
	tally_add(&t, last + 2, 1, 0); /* whoever it takes the place of, it has its own */
	expect(last + 2, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(what_was_used_wanes),
		UNIT_TEST(nobody_uses_nothing),
		UNIT_TEST(a_full_table_forgets_who_used_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
