/* slots.h -- a fixed number of places to work in, for engines that burn processor time.
 *
 * More threads than cores inside one engine only make each of them late, so those who find no free
 * place wait. Next is who, with all that it wants now, will have used least of late: by its address
 * (a quarter of it by its session), so nobody waits behind the many of another, and of many that
 * have used nothing the shortest goes first. Who comes anew is taken to have used as much as who
 * was served last, so those who have been here wait for one of each newcomer at most. A job, for
 * which nobody waits, lets all requests go before, but for SLOTS_JOB_MS only: where requests never
 * stop coming it would be done never. Then jobs have every other turn, however many they are. Who
 * would wait in vain is refused at once.
 *
 * Work has a cost, in whatever the engine counts. Where a front is given, it has places of its own
 * for what is short, of who has not used much and is no crowd (ctx.h); the rest has as many places
 * behind it, in which it should run only when nobody else needs the processor. Thread-safe.
 * Initialise with SLOTS(n). */
#ifndef SLOTS_H
#define SLOTS_H

#include "../base/ctx.h"
#include "../base/tally.h"
#include "../base/wait.h"

#include <math.h>

#define SLOTS_MAX    16u
#define SLOTS_JOB_MS 500u

enum lane { LANE_FRONT, LANE_BACK, LANES };

struct place {
	bool     is_taken;
	double   cost;
	uint64_t since_ms;
};

struct slots {
	pthread_mutex_t lock;          /* guards what is not said to be set before */
	unsigned        n;             /* of each lane, at most SLOTS_MAX; set before */
	double front_cost, front_used; /* at most: its own, what it has used; set before. 0: one lane */
	double
		pace[LANES]; /* milliseconds for a cost of 1; begins as set before. 0: it tells nothing */
	uint64_t        waited_n;
	struct waiting *waiting;
	struct place    places[LANES][SLOTS_MAX];
	bool            was_job[LANES]; /* who had a place last */
	struct tallies  used;
	struct tallies  dues;  /* the same, but from `due` at the least for who comes anew */
	struct tallies  heaps; /* what each waits for */
	double          due;   /* of who had a place last, before it */
	uint64_t        due_ms;
};
#define SLOTS_TALLIES \
	.used = {.wane = slots_wane}, .dues = {.wane = slots_wane}, .heaps = {.wane = slots_stay}
#define SLOTS(count) \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER, .n = (count), SLOTS_TALLIES \
	}

/* With a front (above), for statics. */
#define SLOTS_WITH_FRONT(count, cost, have_used) \
	{ \
		.lock = PTHREAD_MUTEX_INITIALIZER, .n = (count), .front_cost = (cost), \
		.front_used = (have_used), SLOTS_TALLIES \
	}

/* With a front for all but crowds, for statics. */
#define SLOTS_BEHIND_CROWDS(count) SLOTS_WITH_FRONT(count, HUGE_VAL, HUGE_VAL)

/* Another number of places, at most SLOTS_MAX; before the first is taken. */
void slots_resize(struct slots *slots, unsigned n);

/* One for each processor, and no more than that. */
void slots_fit(struct slots *slots, unsigned max);

/* What was used counts half after half a minute, what is waited for whole. */
double slots_wane(double used, uint64_t ms);
double slots_stay(double wanted, uint64_t ms);

struct slot {
	enum lane lane;
	unsigned  place; /* below n, and nobody else's until slots_give */
};

/* Waits for a place within the deadline. ERR_UNAVAILABLE: all would be, or were, busy until the
 * deadline. ERR_CANCELLED: nobody waits for the result any more. */
struct err *slots_take(struct ctx *cx, struct slots *slots, double cost,
                       struct slot *slot_out) CHECKED;

/* What cx did in its place came to that, and not to what it was said to cost. */
void slots_correct(struct slots *slots, const struct ctx *cx, struct slot slot, double cost);

/* The work begins now: what went by in the place until then tells nothing of it. */
void slots_begin(struct slots *slots, struct slot slot);

/* Gives back what slots_take gave; never fails. Was the work done to its end? Else its time tells
 * no more than that it is not shorter. */
void slots_give(struct slots *slots, struct slot slot, bool is_whole);

#endif
