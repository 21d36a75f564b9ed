/* What a unit of work relies on: memory until the end, and everything given back then. */
#include "unit.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;

	for (size_t n = 1; n < 40000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(a, n), *q = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		assert_int_equal(q[0], 0);
		assert_int_equal(q[n - 1], 0);
	}
}

static void a_large_block_leaves_the_small_one_in_use(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	char         *before = arena_alloc(a, 2000), *after;

	before = arena_alloc(a, 16); /* in the second block */
	arena_alloc(a, (size_t)1 << 20);
	after = arena_alloc(a, 16);
	assert_true(after > before && after - before <= 64);
}

static int order[3], ran;

static void note(void *data)
{
	order[ran++] = *(int *)data;
}

static void defers_run_newest_first_and_once(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;
	int           numbers[] = {1, 2, 3};

	ran = 0;
	for (int i = 0; i < 3; i++)
		arena_defer(a, note, &numbers[i]);
	arena_reset(a);
	arena_reset(a);
	assert_int_equal(ran, 3);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[2], 1);
}

static void use_is_counted_until_reset(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;

	arena_alloc(a, 1000);
	assert_int_equal(arena_used(a), 1000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
}

static void texts_are_formatted(void **state)
{
	struct arena *a = ((struct ctx *)*state)->arena;

	assert_string_equal(arena_printf(a, "%s-%d", "a", 5), "a-5");
	assert_string_equal(arena_strndup(a, "hello", 2), "he");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(memory_is_zeroed_aligned_and_apart),
		UNIT_TEST(a_large_block_leaves_the_small_one_in_use),
		UNIT_TEST(defers_run_newest_first_and_once),
		UNIT_TEST(use_is_counted_until_reset),
		UNIT_TEST(texts_are_formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
