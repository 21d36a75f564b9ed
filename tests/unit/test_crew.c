/* test_crew.c -- threads come with the work, up to a limit; what is too much is told at once. */
#include "unit.h"

#include "../../common/base/wait.h"
#include "../../common/web/crew.h"

#define THREADS 3
#define QUEUE   2
#define LONG_MS 20000u /* a test that waits so long has failed */

static struct {
	struct monitor m;
	unsigned       begun, done, ended;
	bool           may_go_on;
} seen = {.m = MONITOR};

static void work(struct crew_job *job)
{
	(void)job;
	monitor_lock(&seen.m);
	seen.begun++;
	monitor_tell_all(&seen.m);
	while (!seen.may_go_on)
		monitor_wait(&seen.m, NULL, deadline_in(LONG_MS));
	seen.done++;
	monitor_tell_all(&seen.m);
	monitor_unlock(&seen.m);
}

static void end(void)
{
	monitor_lock(&seen.m);
	seen.ended++;
	monitor_unlock(&seen.m);
}

static void await(const unsigned *count, unsigned n)
{
	struct deadline until = deadline_in(LONG_MS);
	enum waited     waited = WAIT_READY;

	monitor_lock(&seen.m);
	while (*count < n && waited != WAIT_DEADLINE)
		waited = monitor_wait(&seen.m, NULL, until);
	assert_int_equal(*count, n);
	monitor_unlock(&seen.m);
}

static void let_go_on(bool may)
{
	monitor_lock(&seen.m);
	seen.may_go_on = may;
	monitor_tell_all(&seen.m);
	monitor_unlock(&seen.m);
}

static void all_is_done_and_no_more_taken(void **state)
{
	static struct crew_job jobs[THREADS + QUEUE + 2];
	struct crew           *c = crew_new(&(struct crew_plan){THREADS, QUEUE, work, end});
	unsigned               n = 0;

	(void)state;
	while (n < THREADS + QUEUE)
		assert_true(crew_give(c, &jobs[n++]));
	await(&seen.begun, THREADS);
	assert_false(crew_give(c, &jobs[n]));
	let_go_on(true);
	await(&seen.done, n);
	assert_true(crew_give(c, &jobs[n++])); /* to one who is idle, or its queue */
	await(&seen.done, n);
	let_go_on(false);
	assert_true(crew_give(c, &jobs[n++]));
	let_go_on(true);
	crew_end(c);
	assert_int_equal(seen.done, n);
	assert_int_equal(seen.ended, THREADS);
}

static void nobody_was_needed(void **state)
{
	(void)state;
	crew_end(crew_new(&(struct crew_plan){THREADS, QUEUE, work, end}));
}

static void without_a_queue_only_threads_take(void **state)
{
	static struct crew_job jobs[2];
	struct crew           *c = crew_new(&(struct crew_plan){1, 0, work, end});

	(void)state;
	let_go_on(false);
	assert_true(crew_give(c, &jobs[0]));
	assert_false(crew_give(c, &jobs[1]));
	let_go_on(true);
	crew_end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(all_is_done_and_no_more_taken),
		UNIT_TEST(nobody_was_needed),
		UNIT_TEST(without_a_queue_only_threads_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
