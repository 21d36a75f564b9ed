/* test_hearing_budget.c -- what an address may have heard in a minute, and when it may again. */
#include "unit.h"

#include "../../common/engines/hearing_budget.h"

#define MINUTE_MS 60000u

static void *seconds; /* the setting */

static void allow(int64_t n)
{
	seconds = (char *)hearing_budget_settings.values + hearing_budget_settings.keys[0].offset;
	memcpy(seconds, &n, sizeof(n));
}

static void an_address_has_so_much_and_no_more(void **state)
{
	struct ctx *cx = *state;
	struct err *e;

	allow(600);
	cx->client = 1;
	for (int i = 0; i < 5; i++) {
		assert_ok(hearing_budget_check(cx));
		assert_ok(hearing_budget_take(cx, 110000));
	}
	e = hearing_budget_take(cx, 110000);
	assert_err(e, ERR_RATE);
	/* 60 s too much and 11 s for looking, of which 10 are forgiven in a second. */
	assert_in_range(e->retry_after_ms, 6500, 7101);
	assert_ok(hearing_budget_take(cx, 30000));
	cx->client = 2;
	assert_ok(hearing_budget_take(cx, 110000));
}

static void looking_uses_it_up_too(void **state)
{
	struct ctx *cx = *state;
	unsigned    looks = 0;

	allow(600);
	cx->client = 3;
	assert_ok(hearing_budget_take(cx, 550000));
	while (!hearing_budget_check(cx) && looks < 100) {
		assert_err(hearing_budget_take(cx, 100000), ERR_RATE);
		looks++;
	}
	assert_in_range(looks, 5, 6);
	assert_in_range(hearing_budget_check(cx)->retry_after_ms, 1, 1101);
}

/* What is undecodable says no length; what took a decoder long may say a short one. */
static void decoding_uses_it_up_too(void **state)
{
	struct ctx *cx = *state;
	unsigned    lost = 0;

	allow(600);
	cx->client = 6;
	cx->cost.decode_ms = 3500;
	for (; !hearing_budget_check(cx) && lost < 100; lost++)
		hearing_budget_lose(cx);
	assert_in_range(lost, 30, 40);
	cx->client = 7;
	cx->cost.decode_ms = 1;
	for (lost = 0; !hearing_budget_check(cx) && lost < 1000; lost++)
		hearing_budget_lose(cx);
	assert_in_range(lost, 590, 610);
	cx->client = 8;
	cx->cost.decode_ms = 2500;
	assert_ok(hearing_budget_take(cx, 100));
	cx->cost.decode_ms = 0;
	assert_err(hearing_budget_take(cx, 590000), ERR_RATE);
	cx->client = 9;
	hearing_budget_lose(cx); /* it came to no decoder */
	assert_ok(hearing_budget_take(cx, 600000));
	cx->cost.decode_ms = 0;
}

static void what_is_longer_than_all_needs_all(void **state)
{
	struct ctx *cx = *state;
	struct err *e;

	allow(10);
	cx->client = 4;
	assert_ok(hearing_budget_take(cx, 20000));
	e = hearing_budget_take(cx, 20000);
	assert_err(e, ERR_RATE);
	assert_in_range(e->retry_after_ms, 2 * MINUTE_MS, 3 * MINUTE_MS);
}

static void nothing_is_counted_of_nobody_or_without_a_limit(void **state)
{
	struct ctx *cx = *state;

	allow(1);
	cx->client = 0;
	for (int i = 0; i < 3; i++)
		assert_ok(hearing_budget_take(cx, 900));
	allow(0);
	cx->client = 5;
	for (int i = 0; i < 3; i++) {
		assert_ok(hearing_budget_check(cx));
		assert_ok(hearing_budget_take(cx, 900));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(an_address_has_so_much_and_no_more),
		UNIT_TEST(looking_uses_it_up_too),
		UNIT_TEST(decoding_uses_it_up_too),
		UNIT_TEST(what_is_longer_than_all_needs_all),
		UNIT_TEST(nothing_is_counted_of_nobody_or_without_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
