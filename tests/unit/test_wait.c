/* test_wait.c -- waits end by what they wait for, a deadline or a cancel; nobody overtakes. */
#include "../../common/base/wait.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#define LONG_MS 20000u /* a test that waits so long has failed */

/* ---- cancels ---- */

static void count_wakes(void *data)
{
	++*(int *)data;
}

static void the_first_reason_stays(void **state)
{
	struct cancel        c;
	struct cancel_waiter early, late, gone;
	int                  wakes[3] = {0};

	(void)state;
	cancel_init(&c);
	assert_int_equal(cancel_reason(&c), CANCEL_NONE);
	assert_int_equal(cancel_reason(NULL), CANCEL_NONE);
	cancel_watch(&c, &early, count_wakes, &wakes[0]);
	cancel_watch(&c, &gone, count_wakes, &wakes[1]);
	cancel_unwatch(&c, &gone);
	cancel_fire(&c, CANCEL_SUPERSEDED);
	cancel_fire(&c, CANCEL_CLIENT_LEFT);
	assert_int_equal(cancel_reason(&c), CANCEL_SUPERSEDED);
	cancel_watch(&c, &late, count_wakes, &wakes[2]);
	assert_int_equal(wakes[0], 1);
	assert_int_equal(wakes[1], 0);
	assert_int_equal(wakes[2], 1);
	cancel_unwatch(&c, &late);
	cancel_unwatch(&c, &early);
	cancel_end(&c);
}

static void a_child_follows_its_parent(void **state)
{
	struct cancel parent, child, alone, born_late;

	(void)state;
	cancel_init(&parent);
	cancel_init_child(&child, &parent);
	cancel_init_child(&alone, &parent);
	cancel_fire(&alone, CANCEL_UNWANTED);
	assert_int_equal(cancel_reason(&parent), CANCEL_NONE);
	cancel_fire(&parent, CANCEL_CLIENT_LEFT);
	assert_int_equal(cancel_reason(&child), CANCEL_CLIENT_LEFT);
	assert_int_equal(cancel_reason(&alone), CANCEL_UNWANTED);
	cancel_init_child(&born_late, &parent);
	assert_int_equal(cancel_reason(&born_late), CANCEL_CLIENT_LEFT);
	cancel_end(&born_late);
	cancel_end(&alone);
	cancel_end(&child);
	cancel_end(&parent);
}

/* ---- descriptors ---- */

static void *fire_client_left(void *data)
{
	cancel_fire(data, CANCEL_CLIENT_LEFT);
	return NULL;
}

static void a_descriptor_a_deadline_and_a_cancel_end_a_wait(void **state)
{
	struct cancel c;
	struct pollfd p = {.events = POLLIN};
	int           ends[2];
	pthread_t     other;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	p.fd = ends[0];
	cancel_init(&c);
	assert_int_equal(wait_fds(&c, &p, 1, deadline_in(5)), WAIT_DEADLINE);
	assert_int_equal(wait_fds(NULL, NULL, 0, deadline_in(5)), WAIT_DEADLINE);
	pthread_create(&other, NULL, fire_client_left, &c);
	assert_int_equal(wait_fds(&c, &p, 1, deadline_in(LONG_MS)), WAIT_CANCELLED);
	pthread_join(other, NULL);
	assert_int_equal(wait_fds(&c, NULL, 0, DEADLINE_NEVER), WAIT_CANCELLED);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(wait_fds(&c, &p, 1, deadline_in(LONG_MS)), WAIT_READY);
	assert_true(p.revents & POLLIN);
	cancel_end(&c);
	close(ends[0]);
	close(ends[1]);
}

/* A cancel that fired before anybody asked for its descriptor. */
static void an_early_cancel_ends_a_late_wait(void **state)
{
	struct deadline until = deadline_in(LONG_MS);
	struct cancel   c;

	(void)state;
	cancel_init(&c);
	cancel_fire(&c, CANCEL_STOPPING);
	assert_int_equal(wait_fds(&c, NULL, 0, until), WAIT_CANCELLED);
	assert_true(deadline_left_ms(until) > 0); /* at its end it is cancelled as well */
	cancel_end(&c);
}

/* Thousands of turns wait for what has no descriptor. */
static void a_cancel_costs_no_descriptor_until_one_is_waited_for(void **state)
{
	struct monitor       m = MONITOR;
	struct monitor_watch w;
	struct cancel        c, child;

	(void)state;
	cancel_init(&c);
	cancel_init_child(&child, &c);
	monitor_watch(&m, &w, &child);
	monitor_lock(&m);
	assert_int_equal(monitor_wait(&m, &w, deadline_in(0)), WAIT_DEADLINE);
	monitor_unlock(&m);
	assert_int_equal(c.fd, -1);
	assert_int_equal(child.fd, -1);
	assert_int_equal(wait_fds(&child, NULL, 0, deadline_in(0)), WAIT_DEADLINE);
	assert_true(child.fd >= 0);
	assert_int_equal(c.fd, -1);
	monitor_unwatch(&w);
	cancel_end(&child);
	cancel_end(&c);
}

/* ---- monitors ---- */

static void a_monitor_ends_by_deadline_and_cancel(void **state)
{
	struct monitor       m = MONITOR;
	struct monitor_watch w;
	struct cancel        c;
	pthread_t            other;
	enum waited          how;

	(void)state;
	cancel_init(&c);
	monitor_watch(&m, &w, &c);
	monitor_lock(&m);
	for (struct deadline until = deadline_in(5); (how = monitor_wait(&m, &w, until)) == WAIT_READY;)
		;
	assert_int_equal(how, WAIT_DEADLINE);
	pthread_create(&other, NULL, fire_client_left, &c);
	while ((how = monitor_wait(&m, &w, deadline_in(LONG_MS))) == WAIT_READY)
		;
	monitor_unlock(&m);
	assert_int_equal(how, WAIT_CANCELLED);
	pthread_join(other, NULL);
	monitor_unwatch(&w);
	cancel_end(&c);
}

/* ---- turnstiles ---- */

#define PEOPLE 6

struct person {
	pthread_t         thread;
	struct turnstile *turnstile;
	struct cancel     cancel;
	enum waited       how;
	int              *served_n, served_as;
};

static void *come_and_go(void *data)
{
	struct person *p = data;

	p->how = turnstile_enter(p->turnstile, &p->cancel, deadline_in(LONG_MS));
	if (p->how == WAIT_READY) {
		p->served_as = ++*p->served_n; /* one place: nobody else is in */
		turnstile_leave(p->turnstile);
	}
	return NULL;
}

static void nobody_overtakes(void **state)
{
	struct turnstile t = TURNSTILE(1);
	struct person    people[PEOPLE];
	int              served = 0;

	(void)state;
	assert_int_equal(turnstile_enter(&t, NULL, DEADLINE_NEVER), WAIT_READY);
	for (size_t i = 0; i < PEOPLE; i++) {
		people[i] = (struct person){.turnstile = &t, .served_n = &served};
		cancel_init(&people[i].cancel);
		pthread_create(&people[i].thread, NULL, come_and_go, &people[i]);
		while (turnstile_waiting(&t) != i + 1)
			sched_yield();
	}
	cancel_fire(&people[2].cancel, CANCEL_UNWANTED); /* in the middle */
	pthread_join(people[2].thread, NULL);
	cancel_fire(&people[PEOPLE - 1].cancel, CANCEL_UNWANTED); /* and at the end */
	pthread_join(people[PEOPLE - 1].thread, NULL);
	turnstile_leave(&t);
	for (size_t i = 0; i < PEOPLE; i++) {
		bool walked_away = i == 2 || i == PEOPLE - 1;

		if (!walked_away)
			pthread_join(people[i].thread, NULL);
		assert_int_equal(people[i].how, walked_away ? WAIT_CANCELLED : WAIT_READY);
		if (!walked_away)
			assert_int_equal(people[i].served_as, i < 2 ? i + 1 : i);
		cancel_end(&people[i].cancel);
	}
	assert_int_equal(served, PEOPLE - 2);
	assert_int_equal(turnstile_enter(&t, NULL, deadline_in(0)), WAIT_READY);
	assert_int_equal(turnstile_enter(&t, NULL, deadline_in(5)), WAIT_DEADLINE);
	turnstile_leave(&t);
	assert_int_equal(turnstile_enter(&t, NULL, deadline_in(0)), WAIT_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_reason_stays),
		cmocka_unit_test(a_child_follows_its_parent),
		cmocka_unit_test(a_descriptor_a_deadline_and_a_cancel_end_a_wait),
		cmocka_unit_test(an_early_cancel_ends_a_late_wait),
		cmocka_unit_test(a_cancel_costs_no_descriptor_until_one_is_waited_for),
		cmocka_unit_test(a_monitor_ends_by_deadline_and_cancel),
		cmocka_unit_test(nobody_overtakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
