/* slots.c -- who waits is on a list; a place that is given back goes to one of them. */
#include "slots.h"

#include <unistd.h>

#define HALF_LIFE_MS   30000.0
#define SESSION_WEIGHT 0.25
#define PACE_WEIGHT    0.25 /* of the latest */

/* Lies on the stack of who waits; guarded by the lock. */
struct waiting {
	struct waiting *next;
	struct waker    waker;
	uint64_t        client, session, number, since_ms;
	double          cost, floor; /* what was due at the least when it came */
	struct slot     slot;
	bool            has_place, is_job, is_crowd;
};

void slots_resize(struct slots *slots, unsigned n)
{
	slots->n = n;
}

void slots_fit(struct slots *slots, unsigned max)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	slots_resize(slots, processors < 1 ? 1 : processors > max ? max : (unsigned)processors);
}

double slots_stay(double wanted, uint64_t ms)
{
	(void)ms;
	return wanted;
}

double slots_wane(double used, uint64_t ms)
{
	return used * exp2(-(double)ms / HALF_LIFE_MS);
}

/* ---- who is next ---- */

/* Start-time fair queueing (Goyal, Vin, Cheng 1996): nobody is owed for the time it wanted nothing.
 * Else who comes anew would go before who has been here all the time, as often as that one was.
 * From when it came on its place in line only gets better, however many come after it. */
static double due_of(const struct slots *s, const struct waiting *w, uint64_t now)
{
	return fmax(tally_used(&s->dues, w->client, now), slots_wane(w->floor, now - w->since_ms));
}

/* What it will have used when all that its client waits for here is done. */
static double claim_of(const struct slots *s, const struct waiting *w, uint64_t now)
{
	return due_of(s, w, now) + SESSION_WEIGHT * tally_used(&s->used, w->session, now) +
	       fmax(tally_used(&s->heaps, w->client, now), w->cost);
}

enum rank { RANK_JOB_OF_LONG, RANK_REQUEST, RANK_JOB };

struct standing {
	enum rank rank;
	double    claim, cost;
	uint64_t  number;
};

static struct standing standing_of(const struct slots *s, const struct waiting *w, uint64_t now)
{
	struct standing standing = {.rank = RANK_REQUEST, .cost = w->cost, .number = w->number};

	if (w->is_job)
		standing.rank = now - w->since_ms >= SLOTS_JOB_MS && !s->was_job[w->slot.lane]
		                    ? RANK_JOB_OF_LONG
		                    : RANK_JOB;
	if (standing.rank != RANK_JOB_OF_LONG)
		standing.claim = claim_of(s, w, now);
	return standing;
}

static bool goes_before(const struct standing *a, const struct standing *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->claim < b->claim || a->claim > b->claim)
		return a->claim < b->claim;
	return a->cost < b->cost || (a->cost <= b->cost && a->number < b->number);
}

static struct waiting *next_of(const struct slots *s, enum lane lane, uint64_t now)
{
	struct waiting *best = NULL;
	struct standing first = {.number = 0}, its;

	for (struct waiting *w = s->waiting; w; w = w->next) {
		if (w->slot.lane != lane)
			continue;
		its = standing_of(s, w, now);
		if (best && !goes_before(&its, &first))
			continue;
		best = w;
		first = its;
	}
	return best;
}

static void add_waiting(struct slots *s, struct waiting *w, uint64_t now)
{
	w->next = s->waiting;
	s->waiting = w;
	tally_add(&s->heaps, w->client, w->cost, now);
}

static void remove_waiting(struct slots *s, struct waiting *w, uint64_t now)
{
	struct waiting **at = &s->waiting;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	tally_add(&s->heaps, w->client, -w->cost, now);
}

/* ---- places ---- */

static enum lane lane_of(const struct slots *s, const struct waiting *w, uint64_t now)
{
	if (s->front_cost <= 0)
		return LANE_FRONT;
	if (w->is_crowd || w->cost > s->front_cost ||
	    tally_used(&s->used, w->client, now) > s->front_used)
		return LANE_BACK;
	return LANE_FRONT;
}

static void count_in(struct slots *s, const struct waiting *w, uint64_t now)
{
	double due = due_of(s, w, now);

	tally_add(&s->dues, w->client, due + w->cost - tally_used(&s->dues, w->client, now), now);
	tally_add(&s->used, w->client, w->cost, now);
	tally_add(&s->used, w->session, w->cost, now);
	s->was_job[w->slot.lane] = w->is_job;
	if (!w->client || w->is_job)
		return;
	s->due = due;
	s->due_ms = now;
}

/* False: all are taken. */
static bool find_place(struct slots *s, struct waiting *w, uint64_t now)
{
	struct place *places = s->places[w->slot.lane];

	for (unsigned i = 0; i < s->n; i++)
		if (!places[i].is_taken) {
			places[i] = (struct place){.is_taken = true, .cost = w->cost, .since_ms = now};
			w->slot.place = i;
			w->has_place = true;
			count_in(s, w, now);
			return true;
		}
	return false;
}

/* ---- how long ---- */

static double left_of(const struct place *p, double pace, uint64_t now)
{
	double left = p->cost * pace - (double)(now - p->since_ms);

	return p->is_taken && left > 0 ? left : 0;
}

/* Milliseconds until it has a place, if nobody comes who goes before it. */
static double wait_of(const struct slots *s, const struct waiting *w, uint64_t now)
{
	double          pace = s->pace[w->slot.lane], ahead = 0;
	struct standing mine = standing_of(s, w, now), its;

	if (pace <= 0)
		return 0;
	for (unsigned i = 0; i < s->n; i++)
		ahead += left_of(&s->places[w->slot.lane][i], pace, now);
	for (const struct waiting *other = s->waiting; other; other = other->next) {
		if (other->slot.lane != w->slot.lane)
			continue;
		its = standing_of(s, other, now);
		if (goes_before(&its, &mine))
			ahead += other->cost * pace;
	}
	return ahead / s->n;
}

/* What was given up tells that it would have taken longer than that. */
static void learn_pace(struct slots *s, const struct place *p, enum lane lane, bool is_whole,
                       uint64_t now)
{
	double *pace = &s->pace[lane], latest;

	if (*pace <= 0 || p->cost <= 0)
		return;
	latest = (double)(now - p->since_ms) / p->cost;
	if (!is_whole && latest <= *pace)
		return;
	*pace += PACE_WEIGHT * (latest - *pace);
}

/* ---- waiting ---- */

/* With the lock held. */
static enum waited stand_in_line(struct ctx *cx, struct slots *s, struct waiting *mine)
{
	enum waited how = WAIT_READY;

	add_waiting(s, mine, mine->since_ms);
	while (!mine->has_place && how == WAIT_READY)
		how = waker_wait(&mine->waker, cx->deadline);
	if (mine->has_place)
		return WAIT_READY;
	remove_waiting(s, mine, clock_mono_ms());
	return how;
}

static struct err *wait_in_vain(struct ctx *cx, const struct slots *s, double wait_ms)
{
	struct err *e =
		err_new(cx, ERR_UNAVAILABLE, WHERE, "all %u slots stay busy for %.0f ms", s->n, wait_ms);

	e->retry_after_ms = wait_ms < UINT32_MAX / 2 ? (unsigned)wait_ms : UINT32_MAX / 2;
	return e;
}

/* With the lock held. */
static struct err *enter(struct ctx *cx, struct slots *s, struct waiting *mine)
{
	uint64_t now = clock_mono_ms();
	double   wait_ms;

	mine->number = s->waited_n++;
	mine->since_ms = now;
	mine->floor = slots_wane(s->due, now - s->due_ms);
	mine->slot.lane = lane_of(s, mine, now);
	if (find_place(s, mine, now))
		return NULL;
	wait_ms = wait_of(s, mine, now);
	if (wait_ms + mine->cost * s->pace[mine->slot.lane] > deadline_left_ms(cx->deadline))
		return wait_in_vain(cx, s, wait_ms);
	switch (stand_in_line(cx, s, mine)) {
	case WAIT_CANCELLED:
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for a slot");
	case WAIT_DEADLINE:
		FAIL(cx, ERR_UNAVAILABLE, "all %u slots stayed busy", s->n);
	case WAIT_READY:
		break;
	}
	return NULL;
}

struct err *slots_take(struct ctx *cx, struct slots *slots, double cost, struct slot *slot_out)
{
	struct waiting mine = {.client = cx->client,
	                       .session = cx->session,
	                       .cost = cost,
	                       .is_job = cx->is_job,
	                       .is_crowd = ctx_is_crowd(cx)};
	struct err    *e;

	waker_begin(&mine.waker, &slots->lock, cx->cancel);
	pthread_mutex_lock(&slots->lock);
	e = enter(cx, slots, &mine);
	pthread_mutex_unlock(&slots->lock);
	waker_end(&mine.waker);
	*slot_out = mine.slot;
	return e;
}

void slots_begin(struct slots *slots, struct slot slot)
{
	pthread_mutex_lock(&slots->lock);
	slots->places[slot.lane][slot.place].since_ms = clock_mono_ms();
	pthread_mutex_unlock(&slots->lock);
}

void slots_correct(struct slots *slots, const struct ctx *cx, struct slot slot, double cost)
{
	struct place *place = &slots->places[slot.lane][slot.place];
	uint64_t      now;

	pthread_mutex_lock(&slots->lock);
	now = clock_mono_ms();
	tally_add(&slots->dues, cx->client, cost - place->cost, now);
	tally_add(&slots->used, cx->client, cost - place->cost, now);
	tally_add(&slots->used, cx->session, cost - place->cost, now);
	place->cost = cost;
	pthread_mutex_unlock(&slots->lock);
}

void slots_give(struct slots *slots, struct slot slot, bool is_whole)
{
	struct place   *place = &slots->places[slot.lane][slot.place];
	struct waiting *next;
	uint64_t        now;

	pthread_mutex_lock(&slots->lock);
	now = clock_mono_ms(); /* never before what others have noted */
	learn_pace(slots, place, slot.lane, is_whole, now);
	place->is_taken = false;
	next = next_of(slots, slot.lane, now);
	if (next) {
		remove_waiting(slots, next, now);
		find_place(slots, next, now);
		waker_wake(&next->waker);
	}
	pthread_mutex_unlock(&slots->lock);
}
