/* Who has a feature flag: by lot, by mode, by origin, by an operator's word. */
#include "unit.h"

#include "../../common/base/crypto.h"
#include "../../common/base/json_in.h"
#include "../../common/domain/talk/flag.h"

static void draws_as_the_database_does(void **state)
{
	struct ctx *cx = *state;

	assert_int_equal(flag_bucket(cx->arena, "salt", "s:1"), 4343); /* migrations/verify */
}

static void a_share_is_that_large_and_grows_around_who_has_it(void **state)
{
	struct ctx     *cx = *state;
	struct flag     flag = {.name = "f", .salt = "salt"};
	struct flag_who who = {.mode = "mentor"};
	int             few = 0, many = 0, lost = 0;

	for (int i = 0; i < 2000; i++) {
		bool has_few;

		who.owner = arena_printf(cx->arena, "s:%d", i);
		flag.share = 1000;
		has_few = flag_state(cx->arena, &flag, &who) == FLAG_on;
		flag.share = 5000;
		lost += has_few && flag_state(cx->arena, &flag, &who) != FLAG_on;
		few += has_few;
		many += flag_state(cx->arena, &flag, &who) == FLAG_on;
	}
	assert_in_range(few, 150, 250);
	assert_in_range(many, 900, 1100);
	assert_int_equal(lost, 0);
	flag.share = 0;
	assert_int_equal(flag_state(cx->arena, &flag, &who), FLAG_off);
	flag.share = FLAG_SHARES;
	assert_int_equal(flag_state(cx->arena, &flag, &who), FLAG_on);
}

static void counts_where_it_is_meant_to(void **state)
{
	static const struct {
		const char     *mode, *origin, *forced;
		enum flag_state wanted;
	} cases[] = {
		{"mentor", "https://a.example", NULL, FLAG_on},
		{"william", "https://a.example", NULL, FLAG_on},
		{"futurist", "https://a.example", NULL, FLAG_absent},
		{"mentor", "https://b.example", NULL, FLAG_absent},
		{"mentor", "https://a.example.evil", NULL, FLAG_absent},
		{"mentor", NULL, NULL, FLAG_absent},
		{"futurist", NULL, "{\"f\": true}", FLAG_forced_on},
		{"mentor", "https://a.example", "{\"f\": false}", FLAG_forced_off},
		{"mentor", "https://a.example", "{\"g\": false}", FLAG_on},
		{"mentor", "https://a.example", "{\"f\": \"no\"}", FLAG_on},
		{"mentor", "https://a.example", "[]", FLAG_on},
	};
	struct ctx       *cx = *state;
	const struct flag flag = {.name = "f",
	                          .salt = "salt",
	                          .share = FLAG_SHARES,
	                          .modes = "mentor,william",
	                          .origins = "https://a.example"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct flag_who who = {.owner = "s:1",
		                       .mode = cases[i].mode,
		                       .origin = cases[i].origin,
		                       .forced = NULL};

		if (cases[i].forced)
			assert_null(json_parse(cx, span_of(cases[i].forced), &who.forced));
		assert_string_equal(flag_word(flag_state(cx->arena, &flag, &who)),
		                    flag_word(cases[i].wanted));
	}
}

static int setup(void **state)
{
	(void)state;
	crypto_start();
	json_start();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(draws_as_the_database_does),
		UNIT_TEST(a_share_is_that_large_and_grows_around_who_has_it),
		UNIT_TEST(counts_where_it_is_meant_to),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
