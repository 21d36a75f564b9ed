/* test_large_bodies.c -- who has a large body in hand, who waits, and for whom. */
#include "unit.h"

#include "../../common/base/task.h"
#include "../../common/base/wait.h"
#include "../../common/web/large_bodies.h"

#define SOON_MS 50u

static struct ctx of_client(const struct ctx *cx, uint64_t client)
{
	struct ctx its = *cx;

	its.client = client;
	return its;
}

static void enter(struct ctx *cx, uint64_t client)
{
	struct ctx its = of_client(cx, client);

	assert_ok(large_body_enter(&its));
}

static void leave(struct ctx *cx, uint64_t client)
{
	struct ctx its = of_client(cx, client);

	large_body_leave(&its);
}

static struct err *try_to_enter(struct ctx *cx, uint64_t client)
{
	struct ctx its = of_client(cx, client);

	its.deadline = deadline_in(SOON_MS);
	return large_body_enter(&its);
}

static void one_client_has_few_and_others_have_theirs(void **state)
{
	struct ctx *cx = *state;
	struct err *e;

	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		enter(cx, 1);
	e = try_to_enter(cx, 1);
	assert_err(e, ERR_UNAVAILABLE);
	assert_true(e->retry_after_ms > 0);
	enter(cx, 2);
	leave(cx, 1);
	enter(cx, 1);
	leave(cx, 2);
	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		leave(cx, 1);
}

static void all_have_so_many_and_no_more(void **state)
{
	struct ctx *cx = *state;

	for (unsigned i = 0; i < LARGE_BODIES_MAX; i++)
		enter(cx, i + 1);
	assert_err(try_to_enter(cx, LARGE_BODIES_MAX + 1), ERR_UNAVAILABLE);
	leave(cx, 1);
	enter(cx, LARGE_BODIES_MAX + 1);
	for (unsigned i = 1; i <= LARGE_BODIES_MAX; i++)
		leave(cx, i + 1);
}

static struct err *wait_to_enter(struct ctx *cx, void *data)
{
	cx->client = *(const uint64_t *)data;
	return large_body_enter(cx);
}

/* The first in line may not have one more and lets others by; then it is next. */
static void who_may_have_no_more_lets_others_by(void **state)
{
	struct ctx  *cx = *state;
	uint64_t     greedy = 1;
	struct task *waits;

	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		enter(cx, greedy);
	waits = task_start(cx, wait_to_enter, &greedy);
	for (uint64_t other = 2; other < 10; other++) {
		enter(cx, other);
		leave(cx, other);
	}
	leave(cx, greedy);
	assert_ok(task_join(waits));
	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		leave(cx, greedy);
}

static void who_has_left_waits_no_more(void **state)
{
	struct ctx *cx = *state;

	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		enter(cx, 1);
	cx->cancel = unit_cancelled();
	assert_err(try_to_enter(cx, 1), ERR_CANCELLED);
	cx->cancel = NULL;
	assert_err(try_to_enter(cx, 1), ERR_UNAVAILABLE); /* and took nobody's place */
	for (unsigned i = 0; i < LARGE_BODIES_CLIENT_MAX; i++)
		leave(cx, 1);
	enter(cx, 1);
	leave(cx, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(one_client_has_few_and_others_have_theirs),
		UNIT_TEST(all_have_so_many_and_no_more),
		UNIT_TEST(who_may_have_no_more_lets_others_by),
		UNIT_TEST(who_has_left_waits_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
