/* test_thread.c -- who stands back, and who does not though somebody who does has started it. */
#include "unit.h"

#include "../../common/base/thread.h"

#include <sched.h>
#include <sys/resource.h>

#define STACK_BYTES ((size_t)1 << 20)
#define MANY        8

static void *note_nice(void *nice)
{
	*(int *)nice = getpriority(PRIO_PROCESS, 0);
	return NULL;
}

static int nice_of_one(int (*start)(pthread_t *, size_t, void *(*)(void *), void *))
{
	pthread_t thread;
	int       nice = -1;

	assert_int_equal(start(&thread, STACK_BYTES, note_nice, &nice), 0);
	pthread_join(thread, NULL);
	return nice;
}

static void *note_aside(void *nice)
{
	thread_step_aside(6);
	return note_nice(nice);
}

static int nice_of_one_aside(void)
{
	pthread_t thread;
	int       nice = -1;

	assert_int_equal(thread_start_for_all(&thread, STACK_BYTES, note_aside, &nice), 0);
	pthread_join(thread, NULL);
	return nice;
}

struct seen {
	int own, policy, of_child, of_all, aside;
};

static void *stand_back(void *data)
{
	struct seen *seen = data;

	thread_stand_back();
	seen->own = getpriority(PRIO_PROCESS, 0);
	seen->policy = sched_getscheduler(0);
	seen->of_child = nice_of_one(thread_start);
	seen->of_all = nice_of_one(thread_start_for_all);
	seen->aside = nice_of_one_aside();
	return NULL;
}

static void what_works_for_all_does_not_stand_back(void **state)
{
	const int   own = getpriority(PRIO_PROCESS, 0);
	pthread_t   threads[MANY];
	struct seen seen[MANY];

	(void)state;
	assert_int_equal(nice_of_one(thread_start_for_all), own); /* before anybody has */
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(thread_start(&threads[i], STACK_BYTES, stand_back, &seen[i]), 0);
	for (size_t i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(seen[i].own, 19);
		assert_int_equal(seen[i].policy, SCHED_IDLE);
		assert_int_equal(seen[i].of_child, 19);
		assert_int_equal(seen[i].of_all, own);
		assert_in_range(seen[i].aside, own + 1, own + 10); /* it keeps a share */
	}
	assert_int_equal(getpriority(PRIO_PROCESS, 0), own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(what_works_for_all_does_not_stand_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
