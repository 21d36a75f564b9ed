/* test_crew.c -- threads come with the work, up to a limit; what is too much is told at once. */
#include "unit.h"

#include "../../common/base/wait.h"
#include "../../common/web/crew.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#define THREADS 3
#define QUEUE   2
#define NOBODY  UINT64_MAX
#define LONG_MS 20000u /* a test that waits so long has failed */

static struct {
	struct monitor m;
	unsigned       begun, done, ended;
	uint64_t       order[64]; /* whose jobs, as they were begun */
	int            nice[64];  /* of the threads that did */
	bool           of_crowd[64];
	bool           may_go_on;
	uint64_t       one_of; /* whose next job may go on though the others may not */
} seen = {.m = MONITOR, .one_of = NOBODY};

static void work(struct crew_job *job)
{
	monitor_lock(&seen.m);
	seen.nice[seen.begun] = getpriority(PRIO_PROCESS, 0);
	seen.of_crowd[seen.begun] = atomic_load(job->is_crowd);
	seen.order[seen.begun++] = job->client;
	monitor_tell_all(&seen.m);
	while (!seen.may_go_on && seen.one_of != job->client)
		monitor_wait(&seen.m, NULL, deadline_in(LONG_MS));
	seen.one_of = NOBODY;
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

static struct crew *new_crew(unsigned threads, unsigned queue, unsigned client_max)
{
	return crew_new(&(struct crew_plan){.threads_max = threads,
	                                    .queue_max = queue,
	                                    .client_max = client_max,
	                                    .work = work,
	                                    .end = end});
}

static void all_is_done_and_no_more_taken(void **state)
{
	static struct crew_job jobs[THREADS + QUEUE + 2];
	struct crew           *c = new_crew(THREADS, QUEUE, 0);
	unsigned               n = 0;

	(void)state;
	while (n < THREADS + QUEUE)
		assert_null(crew_give(c, &jobs[n++]));
	await(&seen.begun, THREADS);
	assert_ptr_equal(crew_give(c, &jobs[n]), &jobs[n]);
	let_go_on(true);
	await(&seen.done, n);
	assert_null(crew_give(c, &jobs[n++])); /* to one who is idle, or its queue */
	await(&seen.done, n);
	let_go_on(false);
	assert_null(crew_give(c, &jobs[n++]));
	let_go_on(true);
	crew_end(c);
	assert_int_equal(seen.done, n);
	assert_int_equal(seen.ended, THREADS);
}

static void nobody_was_needed(void **state)
{
	(void)state;
	crew_end(new_crew(THREADS, QUEUE, 0));
}

static void without_a_queue_only_threads_take(void **state)
{
	static struct crew_job jobs[2];
	struct crew           *c = new_crew(1, 0, 0);

	(void)state;
	let_go_on(false);
	assert_null(crew_give(c, &jobs[0]));
	assert_ptr_equal(crew_give(c, &jobs[1]), &jobs[1]);
	let_go_on(true);
	crew_end(c);
}

/* Gives a job of the client; it has a place. */
static void give(struct crew *c, struct crew_job *job, uint64_t client)
{
	*job = (struct crew_job){.client = client};
	assert_null(crew_give(c, job));
}

static void begin(bool may_go_on)
{
	monitor_lock(&seen.m);
	seen.begun = seen.done = seen.ended = 0;
	seen.may_go_on = may_go_on;
	monitor_unlock(&seen.m);
}

/* One thread, which is at work for client 1. */
static struct crew *new_busy_crew(unsigned queue, struct crew_job *job)
{
	struct crew *c = new_crew(1, queue, 0);

	begin(false);
	give(c, job, 1);
	await(&seen.begun, 1);
	return c;
}

static void expect_order(const uint64_t *clients, unsigned n)
{
	assert_int_equal(seen.begun, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(seen.order[i], clients[i]);
}

static void nobody_waits_for_all_of_another(void **state)
{
	static struct crew_job jobs[8];
	struct crew           *c = new_busy_crew(8, &jobs[0]);
	unsigned               i;

	(void)state;
	for (i = 1; i < 5; i++)
		give(c, &jobs[i], 1);
	give(c, &jobs[i++], 2);
	give(c, &jobs[i++], 3);
	give(c, &jobs[i++], 3);
	let_go_on(true);
	crew_end(c);
	expect_order((uint64_t[]){1, 2, 3, 1, 3, 1, 1, 1}, 8);
}

static void who_has_less_in_hand_goes_first(void **state)
{
	static struct crew_job jobs[6];
	struct crew           *c = new_crew(4, 8, 0);

	(void)state;
	begin(false);
	for (unsigned i = 0; i < 3; i++)
		give(c, &jobs[i], 1);
	give(c, &jobs[3], 2);
	give(c, &jobs[4], 1);
	give(c, &jobs[5], 2);
	await(&seen.begun, 4);
	monitor_lock(&seen.m);
	seen.one_of = 1;
	monitor_tell_all(&seen.m);
	monitor_unlock(&seen.m);
	await(&seen.begun, 5);
	assert_int_equal(seen.order[4], 2);
	let_go_on(true);
	crew_end(c);
}

static void who_came_first_goes_first_among_equals(void **state)
{
	static struct crew_job jobs[5];
	struct crew           *c = new_busy_crew(8, &jobs[0]);

	(void)state;
	give(c, &jobs[1], 3);
	give(c, &jobs[2], 2);
	give(c, &jobs[3], 1);
	give(c, &jobs[4], 3);
	let_go_on(true);
	crew_end(c);
	expect_order((uint64_t[]){1, 3, 2, 1, 3}, 5); /* 1 was served, 3 and 2 were not */
}

static void one_client_has_no_more_threads_than_it_may(void **state)
{
	static struct crew_job jobs[6];
	struct crew           *c = new_crew(4, 8, 2);

	(void)state;
	begin(false);
	for (unsigned i = 0; i < 4; i++)
		give(c, &jobs[i], 1);
	give(c, &jobs[4], 2);
	await(&seen.begun, 3);
	assert_int_equal(seen.order[0] + seen.order[1] + seen.order[2], 1 + 1 + 2);
	give(c, &jobs[5], 0);
	await(&seen.begun, 4);
	let_go_on(true);
	crew_end(c);
	assert_int_equal(seen.done, 6);
	begin(false);
	c = new_crew(4, 8, 2);
	for (unsigned i = 0; i < 4; i++)
		give(c, &jobs[i], 0); /* nobody knows whose: they may be four */
	await(&seen.begun, 4);
	let_go_on(true);
	crew_end(c);
}

static void a_full_queue_lets_go_of_who_has_most(void **state)
{
	static struct crew_job jobs[8];
	struct crew           *c = new_busy_crew(3, &jobs[0]);

	(void)state;
	for (unsigned i = 1; i < 4; i++)
		give(c, &jobs[i], 1);
	jobs[4].client = 1;
	assert_ptr_equal(crew_give(c, &jobs[4]), &jobs[4]);
	jobs[5].client = 2;
	assert_ptr_equal(crew_give(c, &jobs[5]), &jobs[3]);
	jobs[6].client = 2;
	assert_ptr_equal(crew_give(c, &jobs[6]), &jobs[2]);
	jobs[7].client = 2; /* as many as client 1 by now */
	assert_ptr_equal(crew_give(c, &jobs[7]), &jobs[7]);
	let_go_on(true);
	crew_end(c);
	expect_order((uint64_t[]){1, 2, 1, 2}, 4);
}

static bool is_odd(struct crew_job *job)
{
	return job->number % 2;
}

static void what_waits_can_be_taken_back(void **state)
{
	static struct crew_job jobs[6];
	struct crew           *c = new_busy_crew(5, &jobs[0]);

	(void)state;
	for (unsigned i = 1; i < 6; i++)
		give(c, &jobs[i], i == 3 ? 2 : 1);
	assert_ptr_equal(crew_take_back(c, 1, is_odd), &jobs[5]); /* the last that waits */
	assert_ptr_equal(crew_take_back(c, 1, is_odd), &jobs[1]); /* and the first */
	assert_null(crew_take_back(c, 1, is_odd));
	assert_null(crew_take_back(c, 3, is_odd));
	give(c, &jobs[5], 1); /* behind those that stayed, and there is place */
	let_go_on(true);
	crew_end(c);
	expect_order((uint64_t[]){1, 2, 1, 1, 1}, 5);
}

static struct crew *new_crew_for_crowds(unsigned threads)
{
	return crew_new(&(struct crew_plan){
		.threads_max = threads, .queue_max = 8, .has_crowds = true, .work = work, .end = end});
}

static void who_wants_much_at_once_lets_others_go_first(void **state)
{
	static struct crew_job jobs[8];
	struct crew           *c = new_crew_for_crowds(4);
	const int              own = getpriority(PRIO_PROCESS, 0);

	(void)state;
	begin(false);
	for (unsigned i = 0; i < 3; i++) {
		give(c, &jobs[i], 1);
		await(&seen.begun, i + 1);
	}
	give(c, &jobs[3], 2);
	await(&seen.begun, 4);
	assert_int_equal(seen.nice[1], own);
	assert_false(seen.of_crowd[1]);
	assert_int_equal(seen.nice[2], 19);
	assert_true(seen.of_crowd[2]);
	assert_true(atomic_load(jobs[0].is_crowd)); /* from now on */
	assert_int_equal(seen.nice[3], own);
	assert_false(seen.of_crowd[3]);
	let_go_on(true);
	await(&seen.done, 4);
	give(c, &jobs[4], 1); /* with nothing else, but not long after */
	await(&seen.done, 5);
	assert_int_equal(seen.nice[4], 19);
	give(c, &jobs[5], 2);
	await(&seen.done, 6);
	assert_int_equal(seen.nice[5], own);
	crew_end(c);
}

static void what_still_arrives_makes_a_crowd_too(void **state)
{
	static struct crew_job job = {.client = 1, .arriving = 2};
	struct crew           *c = new_crew_for_crowds(1);

	(void)state;
	begin(true);
	assert_null(crew_give(c, &job));
	await(&seen.done, 1);
	crew_end(c);
	assert_int_equal(seen.nice[0], 19);
}

/* Its first jobs were begun by threads that are nobody's in particular, and the rest waits. */
static void nothing_of_a_crowd_is_left(void **state)
{
	static struct crew_job jobs[9];
	struct crew           *c = new_crew_for_crowds(1);

	(void)state;
	begin(false);
	for (unsigned i = 0; i < COUNT(jobs); i++)
		give(c, &jobs[i], i < 7 ? 1 : 2);
	let_go_on(true);
	crew_end(c);
	assert_int_equal(seen.done, COUNT(jobs));
}

static struct {
	struct monitor m;
	unsigned       asked; /* threads about to stand back */
	bool           is_watched, may_go_on, waited_in_vain;
} back = {.m = MONITOR};

/* Instead of the system's: here who stands back loses the processor until it may go on. */
int sched_setscheduler(pid_t thread, int policy, const struct sched_param *param)
{
	struct deadline until = deadline_in(LONG_MS / 4);
	enum waited     waited = WAIT_READY;

	(void)thread, (void)policy, (void)param;
	monitor_lock(&back.m);
	back.asked++;
	monitor_tell_all(&back.m);
	while (back.is_watched && !back.may_go_on && waited != WAIT_DEADLINE)
		waited = monitor_wait(&back.m, NULL, until);
	back.waited_in_vain |= waited == WAIT_DEADLINE;
	monitor_unlock(&back.m);
	return 0;
}

static void watch_back(bool is_watched, bool may_go_on)
{
	monitor_lock(&back.m);
	back.is_watched = is_watched;
	back.may_go_on = may_go_on;
	back.asked = 0;
	monitor_tell_all(&back.m);
	monitor_unlock(&back.m);
}

static void await_back(void)
{
	struct deadline until = deadline_in(LONG_MS);
	enum waited     waited = WAIT_READY;

	monitor_lock(&back.m);
	while (back.asked < 1 && waited != WAIT_DEADLINE)
		waited = monitor_wait(&back.m, NULL, until);
	assert_int_equal(back.asked, 1);
	monitor_unlock(&back.m);
}

static void nobody_waits_for_who_stands_back(void **state)
{
	static struct crew_job jobs[5];
	struct crew           *c = new_crew_for_crowds(2);

	(void)state;
	begin(false);
	for (unsigned i = 0; i < 2; i++)
		give(c, &jobs[i], 1);
	await(&seen.begun, 2);
	for (unsigned i = 2; i < 4; i++)
		give(c, &jobs[i], 1);
	watch_back(true, false);
	monitor_lock(&seen.m);
	seen.one_of = 1;
	monitor_tell_all(&seen.m);
	monitor_unlock(&seen.m);
	await_back();
	give(c, &jobs[4], 2);
	watch_back(false, true);
	let_go_on(true);
	crew_end(c);
	assert_false(back.waited_in_vain);
	assert_int_equal(seen.done, COUNT(jobs));
}

static pthread_key_t  last_words;
static pthread_once_t has_last_words = PTHREAD_ONCE_INIT;

/* A thread's very last act: it has left the crew by then, and loses the processor. */
static void linger(void *unused)
{
	(void)unused;
	sched_setscheduler(0, 0, NULL);
}

static void make_last_words(void)
{
	assert_int_equal(pthread_key_create(&last_words, linger), 0);
}

/* Who stands back lingers. */
static void work_and_linger(struct crew_job *job)
{
	pthread_once(&has_last_words, make_last_words);
	if (getpriority(PRIO_PROCESS, 0) == 19)
		pthread_setspecific(last_words, job);
	work(job);
}

/* One that stood back gives its place to another, and has left before it has ended. */
static void nobody_waits_for_who_has_left(void **state)
{
	static struct crew_job jobs[6];
	const struct crew_plan plan = {1, 8, 0, true, work_and_linger, end};
	struct crew           *c = crew_new(&plan);

	(void)state;
	begin(false);
	watch_back(false, false);
	back.waited_in_vain = false;
	for (unsigned i = 0; i < 4; i++)
		give(c, &jobs[i], 1);
	let_go_on(true);
	await(&seen.done, 4);
	watch_back(true, false);
	give(c, &jobs[4], 2); /* for whom the idle one that stood back makes place */
	await_back();
	give(c, &jobs[5], 2);
	await(&seen.done, 6);
	watch_back(false, true);
	crew_end(c);
	assert_false(back.waited_in_vain);
}

static void with_few_threads_for_one_client_all_is_done(void **state)
{
	static struct crew_job jobs[6];
	struct crew           *c = crew_new(&(struct crew_plan){.threads_max = 4,
	                                                        .queue_max = 8,
	                                                        .client_max = 1,
	                                                        .has_crowds = true,
	                                                        .work = work,
	                                                        .end = end});

	(void)state;
	begin(false);
	for (unsigned i = 0; i < COUNT(jobs); i++)
		give(c, &jobs[i], 1);
	let_go_on(true);
	await(&seen.done, COUNT(jobs));
	crew_end(c);
	assert_int_equal(seen.nice[COUNT(jobs) - 1], 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(all_is_done_and_no_more_taken),
		UNIT_TEST(nobody_was_needed),
		UNIT_TEST(without_a_queue_only_threads_take),
		UNIT_TEST(nobody_waits_for_all_of_another),
		UNIT_TEST(who_has_less_in_hand_goes_first),
		UNIT_TEST(who_came_first_goes_first_among_equals),
		UNIT_TEST(one_client_has_no_more_threads_than_it_may),
		UNIT_TEST(a_full_queue_lets_go_of_who_has_most),
		UNIT_TEST(what_waits_can_be_taken_back),
		UNIT_TEST(who_wants_much_at_once_lets_others_go_first),
		UNIT_TEST(what_still_arrives_makes_a_crowd_too),
		UNIT_TEST(nothing_of_a_crowd_is_left),
		UNIT_TEST(nobody_waits_for_who_stands_back),
		UNIT_TEST(nobody_waits_for_who_has_left),
		UNIT_TEST(with_few_threads_for_one_client_all_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
