/* test_slots.c -- who is next: who used least, then the shortest; no one waits in vain. */
#include "unit.h"

#include "../../common/base/thread.h"
#include "../../common/engines/slots.h"
#include "recordings.h"

#include <sys/resource.h>

#define LONG_MS  20000u /* a test that waits so long has failed */
#define MANY     8
#define CROWD    64
#define REGULARS 3

enum { ANN = 1, BOB, CID };

/* Somebody who waits for a place, and notes when it has one. */
struct guest {
	uint64_t  client, session;
	double    cost;
	bool      is_job;
	pthread_t thread;
	unsigned  was;   /* the how manieth */
	long      woken; /* about how often, while it waited */
};

static struct slots slots;
static atomic_uint  served;

static struct ctx ctx_of(uint64_t client, uint64_t session, unsigned ms)
{
	struct ctx cx = new_ctx(ms);

	cx.client = client;
	cx.session = session;
	return cx;
}

static void begin(unsigned n)
{
	slots = (struct slots)SLOTS(n);
	atomic_store(&served, 0);
}

static unsigned count_waiting(void)
{
	unsigned n = 0;

	pthread_mutex_lock(&slots.lock);
	for (const void *w = slots.waiting; w; w = *(const void *const *)w)
		n++; /* its link is its first member */
	pthread_mutex_unlock(&slots.lock);
	return n;
}

/* Of this thread: how often it had to wait for anything. */
static long waits(void)
{
	struct rusage used;

	assert_int_equal(getrusage(RUSAGE_THREAD, &used), 0);
	return used.ru_nvcsw;
}

static void *visit(void *data)
{
	struct guest *g = data;
	struct ctx    cx = ctx_of(g->client, g->session, LONG_MS);
	struct slot   slot;
	long          before = waits();

	cx.is_job = g->is_job;
	assert_null(slots_take(&cx, &slots, g->cost, &slot));
	g->woken = waits() - before;
	g->was = atomic_fetch_add(&served, 1);
	slots_give(&slots, slot, false);
	arena_free(&cx.arena);
	return NULL;
}

/* They come one after the other while the one place is taken, which is then given back. */
static void call_in(struct guest *guests, unsigned n, struct slot held)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(thread_start(&guests[i].thread, 1 << 20, visit, &guests[i]), 0);
		while (count_waiting() < i + 1)
			sched_yield();
	}
	slots_give(&slots, held, false);
	for (unsigned i = 0; i < n; i++)
		pthread_join(guests[i].thread, NULL);
}

/* The client takes a place for that and gives it back. */
static void use(uint64_t client, uint64_t session, double cost)
{
	struct ctx  cx = ctx_of(client, session, LONG_MS);
	struct slot slot;

	assert_null(slots_take(&cx, &slots, cost, &slot));
	slots_give(&slots, slot, false);
	arena_free(&cx.arena);
}

static void who_has_used_least_is_next(void **state)
{
	struct guest guests[] = {{.client = ANN, .cost = 1},
	                         {.client = ANN, .cost = 1},
	                         {.client = BOB, .cost = 5},
	                         {.client = CID, .cost = 50}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;

	(void)state;
	begin(1);
	use(ANN, 0, 1000);
	use(BOB, 0, 100);
	assert_null(slots_take(&cx, &slots, 1, &held));
	call_in(guests, COUNT(guests), held);
	assert_int_equal(guests[3].was, 0);
	assert_int_equal(guests[2].was, 1);
	assert_int_equal(guests[0].was, 2);
	assert_int_equal(guests[1].was, 3);
	arena_free(&cx.arena);
}

static void of_many_of_one_the_shortest_is_next(void **state)
{
	struct guest guests[] = {{.client = ANN, .session = 11, .cost = 90},
	                         {.client = ANN, .session = 11, .cost = 30},
	                         {.client = ANN, .session = 12, .cost = 60},
	                         {.client = BOB, .session = 13, .cost = 2000}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;

	(void)state;
	begin(1);
	use(ANN, 11, 400); /* a quarter of it counts against this session */
	assert_null(slots_take(&cx, &slots, 1, &held));
	call_in(guests, COUNT(guests), held);
	assert_int_equal(guests[2].was, 0);
	assert_int_equal(guests[1].was, 1);
	assert_int_equal(guests[0].was, 2);
	assert_int_equal(guests[3].was, 3);
	arena_free(&cx.arena);
}

/* A visitor who has talked for a while, and others who come then with a heap each. */
static void a_heap_of_a_newcomer_waits_for_who_was_here(void **state)
{
	struct guest guests[] = {{.client = BOB, .cost = 10}, {.client = BOB, .cost = 10},
	                         {.client = BOB, .cost = 10}, {.client = BOB, .cost = 10},
	                         {.client = ANN, .cost = 10}, {.client = CID, .cost = 10}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;

	(void)state;
	begin(1);
	for (int i = 0; i < 10; i++)
		use(ANN, 0, 10);
	assert_null(slots_take(&cx, &slots, 1, &held));
	call_in(guests, COUNT(guests), held);
	assert_int_equal(guests[5].was, 0); /* newcomers wait for nobody's next */
	assert_int_equal(guests[4].was, 1);
	arena_free(&cx.arena);
}

static void a_job_is_last(void **state)
{
	struct guest guests[] = {{.cost = 1, .is_job = true}, {.client = ANN, .cost = 50}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;

	(void)state;
	begin(1);
	use(ANN, 0, 1000);
	assert_null(slots_take(&cx, &slots, 1, &held));
	call_in(guests, COUNT(guests), held);
	assert_int_equal(guests[1].was, 0);
	arena_free(&cx.arena);
}

/* Who comes again and again, and gives the place back only when all others wait for it. */
struct regular {
	uint64_t     client;
	atomic_bool *is_over;
	pthread_t    thread;
};

static void *come_again(void *data)
{
	const struct regular *r = data;

	while (!atomic_load(r->is_over)) {
		struct ctx  cx = ctx_of(r->client, 0, LONG_MS);
		struct slot slot;

		assert_null(slots_take(&cx, &slots, 1, &slot));
		while (!atomic_load(r->is_over) && count_waiting() < REGULARS)
			sched_yield();
		slots_give(&slots, slot, false);
		arena_free(&cx.arena);
	}
	return NULL;
}

/* The guest has its turn while theirs never stop. */
static void visit_beside_regulars(struct guest *guest)
{
	struct regular regulars[REGULARS];
	atomic_bool    is_over = false;

	begin(1);
	for (unsigned i = 0; i < REGULARS; i++) {
		regulars[i] = (struct regular){.client = CID + 1 + i, .is_over = &is_over};
		assert_int_equal(thread_start(&regulars[i].thread, 1 << 20, come_again, &regulars[i]), 0);
	}
	while (count_waiting() < REGULARS - 1)
		sched_yield();
	visit(guest);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < REGULARS; i++)
		pthread_join(regulars[i].thread, NULL);
}

static void a_job_has_its_turn_while_requests_never_stop(void **state)
{
	(void)state;
	visit_beside_regulars(&(struct guest){.cost = 1000, .is_job = true});
}

/* However many have waited long. */
static void jobs_have_every_other_turn(void **state)
{
	struct guest    guests[2 * MANY] = {{.cost = 0}};
	struct ctx      cx = ctx_of(0, 0, LONG_MS);
	struct slot     held;
	struct guest   *g = guests;
	struct deadline long_since;

	(void)state;
	begin(1);
	assert_null(slots_take(&cx, &slots, 1, &held));
	for (unsigned i = 0; i < COUNT(guests); i++, g++) {
		*g = (struct guest){.client = ANN, .cost = 1, .is_job = i < MANY};
		assert_int_equal(thread_start(&g->thread, 1 << 20, visit, g), 0);
		while (count_waiting() < i + 1)
			sched_yield();
	}
	long_since = deadline_in(SLOTS_JOB_MS);
	while (deadline_left_ms(long_since))
		sched_yield();
	slots_give(&slots, held, false);
	for (unsigned i = 0; i < COUNT(guests); i++)
		pthread_join(guests[i].thread, NULL);
	for (unsigned i = 0; i < COUNT(guests); i++)
		assert_int_equal(guests[i].was % 2, guests[i].is_job ? 0 : 1);
	arena_free(&cx.arena);
}

static void what_is_long_is_not_passed_for_ever(void **state)
{
	(void)state;
	visit_beside_regulars(&(struct guest){.client = ANN, .cost = 1000});
}

/* Of many who wait only who is next is woken. */
static void nobody_is_woken_for_another(void **state)
{
	struct guest guests[CROWD] = {{0}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;
	long         woken = 0;

	(void)state;
	begin(1);
	assert_null(slots_take(&cx, &slots, 1, &held));
	call_in(guests, COUNT(guests), held);
	for (size_t i = 0; i < COUNT(guests); i++)
		woken += guests[i].woken;
	assert_true(woken <
	            CROWD * CROWD / 8); /* each for each who went before: half of CROWD * CROWD */
	arena_free(&cx.arena);
}

static void waits_until_the_deadline_or_the_cancel(void **state)
{
	struct ctx  cx = new_ctx(60);
	struct slot mine, none;

	(void)state;
	begin(1);
	assert_null(slots_take(&cx, &slots, 1, &mine));
	assert_int_equal(slots_take(&cx, &slots, 1, &none)->kind, ERR_UNAVAILABLE);
	cx.deadline = deadline_in(10000);
	cx.cancel = unit_cancelled();
	assert_int_equal(slots_take(&cx, &slots, 1, &none)->kind, ERR_CANCELLED);
	assert_int_equal(count_waiting(), 0);
	slots_give(&slots, mine, true);
	assert_null(slots_take(&cx, &slots, 1, &mine));
	arena_free(&cx.arena);
}

static void who_would_wait_in_vain_is_told_at_once(void **state)
{
	struct ctx  cx = ctx_of(ANN, 0, LONG_MS);
	struct slot mine, none;
	struct err *e;

	(void)state;
	begin(1);
	slots.pace[LANE_FRONT] = 1;
	assert_null(slots_take(&cx, &slots, 3 * LONG_MS, &mine)); /* there is a place: let it try */
	e = slots_take(&cx, &slots, 1, &none);
	assert_int_equal(e->kind, ERR_UNAVAILABLE);
	assert_true(e->retry_after_ms > 2 * LONG_MS && e->retry_after_ms <= 3 * LONG_MS);
	assert_true(deadline_left_ms(cx.deadline) > LONG_MS / 2);
	slots_give(&slots, mine, false);
	/* Its own time counts too. */
	assert_null(slots_take(&cx, &slots, LONG_MS / 2, &mine));
	assert_int_equal(slots_take(&cx, &slots, LONG_MS, &none)->kind, ERR_UNAVAILABLE);
	assert_true(deadline_left_ms(cx.deadline) > LONG_MS / 2);
	arena_free(&cx.arena);
}

/* What the shorter one asks for makes no difference to it: it goes before. */
static void only_who_goes_before_is_waited_for(void **state)
{
	struct guest guests[] = {{.client = ANN, .cost = LONG_MS}, {.client = BOB, .cost = 1}};
	struct ctx   cx = ctx_of(0, 0, LONG_MS);
	struct slot  held;

	(void)state;
	begin(1);
	slots.pace[LANE_FRONT] = 0.9;
	assert_null(slots_take(&cx, &slots, 4000, &held));
	slots.places[held.lane][held.place].since_ms -= 3600;
	guests[1].cost = 2300; /* it would not fit behind the other one */
	call_in(guests, COUNT(guests), held);
	assert_int_equal(guests[1].was, 0);
	arena_free(&cx.arena);
}

static enum lane lane_taken(struct ctx *cx, double cost)
{
	struct slot slot;

	assert_null(slots_take(cx, &slots, cost, &slot));
	return slot.lane;
}

static void what_is_long_has_places_behind(void **state)
{
	struct ctx ann = ctx_of(ANN, 0, LONG_MS), bob = ctx_of(BOB, 0, 60),
			   cid = ctx_of(CID, 0, LONG_MS);
	struct slot none;

	(void)state;
	begin(2);
	slots.front_cost = 30;
	slots.front_used = 60;
	assert_int_equal(lane_taken(&ann, 31), LANE_BACK);
	assert_int_equal(lane_taken(&ann, 30), LANE_FRONT);
	assert_int_equal(lane_taken(&ann, 1), LANE_BACK); /* it has used 61 */
	assert_int_equal(lane_taken(&cid, 30), LANE_FRONT);
	assert_int_equal(slots_take(&bob, &slots, 31, &none)->kind, ERR_UNAVAILABLE);
	arena_free(&ann.arena);
	arena_free(&bob.arena);
	arena_free(&cid.arena);
}

static void a_crowd_is_behind_and_nobody_behind_it(void **state)
{
	static const atomic_bool is = true;
	struct ctx  ann = ctx_of(ANN, 0, LONG_MS), bob = ctx_of(BOB, 0, 60), cid = ctx_of(CID, 0, 60);
	struct slot none;

	(void)state;
	slots = (struct slots)SLOTS_BEHIND_CROWDS(1);
	ann.is_crowd = bob.is_crowd = &is;
	assert_int_equal(lane_taken(&ann, 1), LANE_BACK);
	assert_int_equal(slots_take(&bob, &slots, 1, &none)->kind, ERR_UNAVAILABLE);
	assert_int_equal(lane_taken(&cid, 1000000), LANE_FRONT);
	begin(1); /* where each place is dear there is no other lane */
	assert_int_equal(lane_taken(&ann, 1), LANE_FRONT);
	arena_free(&ann.arena);
	arena_free(&bob.arena);
	arena_free(&cid.arena);
}

static void what_it_came_to_counts(void **state)
{
	struct ctx  ann = ctx_of(ANN, 0, LONG_MS), bob = ctx_of(BOB, 0, LONG_MS);
	struct slot slot;

	(void)state;
	begin(4);
	slots.front_cost = 30;
	slots.front_used = 60;
	slots.pace[LANE_FRONT] = 1;
	assert_null(slots_take(&ann, &slots, 1, &slot));
	slots.places[slot.lane][slot.place].since_ms -= 70;
	slots_correct(&slots, &ann, slot, 70);
	slots_give(&slots, slot, true);
	assert_true(slots.pace[LANE_FRONT] < 1.2); /* as quick as was to be expected of that */
	assert_int_equal(lane_taken(&ann, 1), LANE_BACK);
	assert_null(slots_take(&bob, &slots, 1000, &slot));
	assert_int_equal(slot.lane, LANE_BACK);
	slots_correct(&slots, &bob, slot, 10);
	assert_int_equal(lane_taken(&bob, 1), LANE_FRONT);
	arena_free(&ann.arena);
	arena_free(&bob.arena);
}

static void work_for(struct ctx *cx, unsigned ms, bool is_whole)
{
	struct slot slot;

	assert_null(slots_take(cx, &slots, 10, &slot));
	slots.places[slot.lane][slot.place].since_ms -= ms;
	slots_give(&slots, slot, is_whole);
}

static void what_was_given_up_is_not_taken_for_quick(void **state)
{
	struct ctx cx = ctx_of(ANN, 0, LONG_MS);

	(void)state;
	begin(1);
	work_for(&cx, 1000, true);
	assert_true(slots.pace[LANE_FRONT] <= 0); /* where nothing is told nothing is learned */
	slots.pace[LANE_FRONT] = 100;
	for (int i = 0; i < MANY; i++)
		work_for(&cx, 0, false);
	assert_true(slots.pace[LANE_FRONT] >= 100);
	work_for(&cx, 3000, false);
	assert_true(slots.pace[LANE_FRONT] >= 150);
	for (int i = 0; i < MANY; i++)
		work_for(&cx, 0, true);
	assert_true(slots.pace[LANE_FRONT] < 50);
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(who_has_used_least_is_next),
		UNIT_TEST(of_many_of_one_the_shortest_is_next),
		UNIT_TEST(a_heap_of_a_newcomer_waits_for_who_was_here),
		UNIT_TEST(what_is_long_is_not_passed_for_ever),
		UNIT_TEST(a_job_is_last),
		UNIT_TEST(a_job_has_its_turn_while_requests_never_stop),
		UNIT_TEST(jobs_have_every_other_turn),
		UNIT_TEST(nobody_is_woken_for_another),
		UNIT_TEST(waits_until_the_deadline_or_the_cancel),
		UNIT_TEST(who_would_wait_in_vain_is_told_at_once),
		UNIT_TEST(only_who_goes_before_is_waited_for),
		UNIT_TEST(what_is_long_has_places_behind),
		UNIT_TEST(a_crowd_is_behind_and_nobody_behind_it),
		UNIT_TEST(what_it_came_to_counts),
		UNIT_TEST(what_was_given_up_is_not_taken_for_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
