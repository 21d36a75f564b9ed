/* crew.c -- a stack of idle threads, and for each client that is there a queue of its jobs.
 *
 * A job is put into the hand of one idle thread, which alone is woken. Where jobs wait though a
 * thread is idle, their clients have as many in hand as they may: the next of these that is done
 * takes one of them. Locks: the crew's before a worker's own. */
#include "crew.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/tally.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "by_client.h"

#include <math.h>

#define WARM_THREADS 4u     /* stay, though idle */
#define IDLE_MS      10000u /* after so long the others leave */
/* Somebody who talks has one thing done, and now and then another beside it. */
#define CROWD       2u
#define CROWD_MS    10000.0 /* half of what makes a crowd is forgotten by then */
#define CROWD_LEAST 0.5     /* of jobs that were too many */
/* Virtual size: only touched pages cost memory. TLS and libav want some room. */
#define STACK_BYTES ((size_t)1 << 20)

/* There while it has anything in hand or waiting. */
struct client {
	struct by_client entry; /* first */
	unsigned         in_hand, waiting;
	uint64_t         served; /* when its last job was taken, counted; 0: none was */
	atomic_bool      is_crowd;
	struct crew_job *first, *last;
	struct client   *behind, **in_queue; /* among those who wait; in_queue NULL: it does not */
};

/* Threads that stood back, for crowds, and those for all others. */
enum stand { STAND_FRONT, STAND_BACK, STANDS };

struct worker {
	struct crew     *crew;
	pthread_t        thread;
	struct client   *client; /* whose job it has; guarded by the crew's lock */
	struct monitor   told;   /* guards the two below */
	struct crew_job *job;
	bool             is_dismissed;
	enum stand       stand;
	bool             is_idle;      /* this and the links: guarded by the crew's lock */
	struct worker   *next, **link; /* among the idle; next also among those who left */
};

struct crew {
	struct crew_plan  plan;
	struct monitor    office; /* guards all below; tells when the last thread has left */
	struct worker    *idle[STANDS], *left;
	struct by_clients clients;
	struct tallies    crowds;            /* of each client, jobs that came beside CROWD others */
	struct client    *queue;             /* those of them who wait */
	unsigned          workers_n[STANDS]; /* who may take a job; the leaving are still there */
	unsigned          there_n, queue_n;
	uint64_t          given_n, served_n;
	bool              is_ending;
};

static double forget_crowd(double jobs, uint64_t ms)
{
	return jobs * exp2(-(double)ms / CROWD_MS);
}

struct crew *crew_new(const struct crew_plan *plan)
{
	struct crew *c = calloc(1, sizeof(*c));

	if (!c)
		fatal("out of memory: no threads");
	c->plan = *plan;
	c->crowds.wane = forget_crowd;
	c->office = (struct monitor)MONITOR;
	return c;
}

/* ---- clients ---- */

static struct client *client_of(struct crew *c, uint64_t key)
{
	return by_client_of(&c->clients, key, sizeof(struct client));
}

static unsigned has_all(const struct client *it)
{
	return it->in_hand + it->waiting;
}

/* Before one more job of its is taken or put off. Who nobody knows is many, and no crowd. */
static void see_crowd(struct crew *c, struct client *it, const struct crew_job *job)
{
	uint64_t now = clock_mono_ms();

	if (has_all(it) >= CROWD || job->arriving >= CROWD)
		tally_add(&c->crowds, it->entry.key, 1, now);
	atomic_store(&it->is_crowd, tally_used(&c->crowds, it->entry.key, now) >= CROWD_LEAST);
}

static void forget_absent(struct crew *c, struct client *it)
{
	if (!it->in_hand && !it->waiting)
		by_client_forget(&c->clients, &it->entry);
}

/* Who nobody knows is many. */
static bool has_enough(const struct crew *c, const struct client *it)
{
	return c->plan.client_max && it->entry.key && it->in_hand >= c->plan.client_max;
}

static void join_queue(struct crew *c, struct client *it)
{
	it->behind = c->queue;
	it->in_queue = &c->queue;
	if (it->behind)
		it->behind->in_queue = &it->behind;
	c->queue = it;
}

static void leave_queue(struct client *it)
{
	*it->in_queue = it->behind;
	if (it->behind)
		it->behind->in_queue = it->in_queue;
	it->in_queue = NULL;
}

static void append(struct crew *c, struct client *it, struct crew_job *job)
{
	job->next = NULL;
	if (it->first)
		it->last->next = job;
	else
		it->first = job;
	it->last = job;
	if (it->waiting++ == 0)
		join_queue(c, it);
	c->queue_n++;
	metrics_gauge_add(GAUGE_queued, 1);
}

static void count_out(struct crew *c, struct client *it)
{
	c->queue_n--;
	metrics_gauge_add(GAUGE_queued, -1);
	if (--it->waiting == 0)
		leave_queue(it);
}

static struct crew_job *take_first(struct crew *c, struct client *it)
{
	struct crew_job *job = it->first;

	it->first = job->next;
	count_out(c, it);
	return job;
}

static bool is_any(struct crew_job *job)
{
	(void)job;
	return true;
}

/* The newest of those; NULL: there is none. */
static struct crew_job *take_last(struct crew *c, struct client *it,
                                  bool (*is_wanted)(struct crew_job *job))
{
	struct crew_job *found = NULL, *before = NULL, *last = NULL;

	for (struct crew_job *job = it->first; job; last = job, job = job->next) {
		if (!is_wanted(job))
			continue;
		found = job;
		before = last;
	}
	if (!found)
		return NULL;
	if (before)
		before->next = found->next;
	else
		it->first = found->next;
	if (it->last == found)
		it->last = before;
	count_out(c, it);
	return found;
}

static enum stand stand_of(const struct crew *c, const struct client *it)
{
	return c->plan.has_crowds && atomic_load(&it->is_crowd) ? STAND_BACK : STAND_FRONT;
}

static unsigned workers_of(const struct crew *c)
{
	return c->workers_n[STAND_FRONT] + c->workers_n[STAND_BACK];
}

static bool goes_before(const struct client *a, const struct client *b)
{
	if (a->in_hand != b->in_hand)
		return a->in_hand < b->in_hand;
	if (a->served != b->served)
		return a->served < b->served;
	return a->first->number < b->first->number;
}

/* Who has the least in hand; among such whose turn was longest ago. NULL: nobody may. */
static struct client *whose_turn(const struct crew *c)
{
	struct client *best = NULL;

	for (struct client *it = c->queue; it; it = it->behind)
		if (!has_enough(c, it) && (!best || goes_before(it, best)))
			best = it;
	return best;
}

/* Who has more than `than` would with another one, and the most; NULL: nobody. */
static struct client *who_has_most(const struct crew *c, const struct client *than)
{
	struct client *most = NULL;

	for (struct client *it = c->queue; it; it = it->behind)
		if (has_all(it) > has_all(than) + 1 && (!most || has_all(it) > has_all(most)))
			most = it;
	return most;
}

/* ---- idle threads ---- */

static void push_idle(struct worker *w)
{
	struct worker **idle = &w->crew->idle[w->stand];

	w->is_idle = true;
	w->next = *idle;
	w->link = idle;
	if (w->next)
		w->next->link = &w->next;
	*idle = w;
}

static void remove_idle(struct worker *w)
{
	w->is_idle = false;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
}

static void put_into_hand(struct worker *w, struct crew_job *job)
{
	monitor_lock(&w->told);
	w->job = job;
	w->is_dismissed = !job;
	monitor_tell(&w->told);
	monitor_unlock(&w->told);
}

/* ---- a thread ---- */

/* True when the time is up and nobody has called. */
static bool waited_in_vain(struct worker *w, struct deadline until)
{
	enum waited waited = WAIT_READY;
	bool        in_vain;

	monitor_lock(&w->told);
	while (!w->job && !w->is_dismissed && waited != WAIT_DEADLINE)
		waited = monitor_wait(&w->told, NULL, until);
	in_vain = !w->job && !w->is_dismissed;
	monitor_unlock(&w->told);
	return in_vain;
}

static struct deadline patience(const struct crew *c)
{
	return workers_of(c) <= WARM_THREADS ? DEADLINE_NEVER : deadline_in(IDLE_MS);
}

/* Idle until there is a job or a reason to leave (NULL). The office is locked before and after. */
static void stay_idle(struct worker *w)
{
	struct crew    *c = w->crew;
	struct deadline until;

	w->job = NULL;
	push_idle(w);
	while (w->is_idle) {
		until = patience(c);
		monitor_unlock(&c->office);
		waited_in_vain(w, until);
		monitor_lock(&c->office);
		if (w->is_idle && workers_of(c) > WARM_THREADS)
			remove_idle(w); /* without a job: it leaves */
	}
}

static void serve(struct worker *w, struct client *it, struct crew_job *job)
{
	it->in_hand++;
	it->served = ++w->crew->served_n;
	w->client = it;
	job->is_crowd = &it->is_crowd;
}

/* It counts among those who stand back, and is to do so as soon as it has let go of the office: who
 * does may lose the processor at once, for long. Which can not be undone: nobody's niceness gets
 * less. */
static void count_back(struct worker *w)
{
	w->crew->workers_n[w->stand]--;
	w->stand = STAND_BACK;
	w->crew->workers_n[w->stand]++;
}

static void *work(void *data);

static bool start_worker(struct crew *c, struct client *client, struct crew_job *job)
{
	struct worker *w = calloc(1, sizeof(*w));
	int            failed;

	if (!w)
		fatal("out of memory: no thread");
	*w = (struct worker){.crew = c, .told = MONITOR, .job = job, .stand = stand_of(c, client)};
	serve(w, client, job);
	failed = thread_start_for_all(&w->thread, STACK_BYTES, work, w);
	if (failed) {
		LOG(LOG_WARN, NULL, "thread_not_started", F_INT("errno", failed),
		    F_INT("threads", workers_of(c)));
		client->in_hand--;
		free(w);
		return false;
	}
	c->workers_n[w->stand]++;
	c->there_n++;
	return true;
}

/* Into its own hands, or of another who takes its place: who stood back does so for ever. */
static struct crew_job *take_next(struct worker *w, struct client *next)
{
	struct crew     *c = w->crew;
	struct crew_job *job = take_first(c, next);
	enum stand       stand = stand_of(c, next);

	if (stand == STAND_FRONT && w->stand == STAND_BACK && start_worker(c, next, job))
		return NULL;
	if (stand == STAND_BACK && w->stand == STAND_FRONT)
		count_back(w);
	serve(w, next, job);
	return job;
}

static struct crew_job *next_job(struct worker *w)
{
	struct crew     *c = w->crew;
	struct client   *done = w->client, *next;
	const enum stand stood = w->stand;

	monitor_lock(&c->office);
	done->in_hand--;
	forget_absent(c, done);
	w->job = NULL;
	next = whose_turn(c);
	if (next)
		w->job = take_next(w, next);
	else if (!c->is_ending)
		stay_idle(w);
	if (!w->job)
		c->workers_n[w->stand]--;
	monitor_unlock(&c->office);
	if (w->stand != stood)
		thread_stand_back();
	return w->job;
}

static void leave(struct worker *w)
{
	struct crew *c = w->crew;

	monitor_lock(&c->office);
	w->next = c->left;
	c->left = w;
	c->there_n--;
	monitor_tell(&c->office);
	monitor_unlock(&c->office);
}

static void *work(void *data)
{
	struct worker *w = data;

	if (w->stand == STAND_BACK)
		thread_stand_back();
	do
		w->crew->plan.work(w->job);
	while (next_job(w));
	w->crew->plan.end();
	leave(w);
	return NULL;
}

/* ---- who gives ---- */

/* An idle one of the other kind leaves, for its place. */
static bool makes_place(struct crew *c, enum stand other)
{
	struct worker *w = c->idle[other];

	if (!w)
		return false;
	remove_idle(w);
	put_into_hand(w, NULL);
	return true;
}

static bool find_hands(struct crew *c, struct client *client, struct crew_job *job)
{
	enum stand     stand = stand_of(c, client);
	struct worker *w = c->idle[stand];

	if (has_enough(c, client))
		return false;
	if (!w)
		return (workers_of(c) < c->plan.threads_max ||
		        makes_place(c, stand == STAND_BACK ? STAND_FRONT : STAND_BACK)) &&
		       start_worker(c, client, job);
	remove_idle(w);
	serve(w, client, job);
	put_into_hand(w, job);
	return true;
}

/* The job without a place: this one or, where somebody has more than its client, one of theirs. */
static struct crew_job *queue_up(struct crew *c, struct client *client, struct crew_job *job)
{
	struct crew_job *surplus = NULL;
	struct client   *most;

	if (workers_of(c) == 0)
		return job;
	if (c->queue_n >= c->plan.queue_max) {
		most = who_has_most(c, client);
		if (!most)
			return job;
		surplus = take_last(c, most, is_any);
		forget_absent(c, most);
	}
	append(c, client, job);
	return surplus;
}

/* Those who left, with the office locked; they are the caller's to join. */
static struct worker *take_left(struct crew *c)
{
	struct worker *left = c->left;

	c->left = NULL;
	return left;
}

static void join_all(struct worker *w)
{
	while (w) {
		struct worker *next = w->next;

		pthread_join(w->thread, NULL);
		free(w);
		w = next;
	}
}

/* Who left, but has not ended: who stands back may lose the processor in between, and who gives
 * does not wait. */
static void join_ended(struct crew *c, struct worker *left)
{
	struct worker *staying = NULL, **last = &staying;

	while (left) {
		struct worker *next = left->next;

		if (pthread_tryjoin_np(left->thread, NULL) == 0) {
			free(left);
		} else {
			*last = left;
			last = &left->next;
		}
		left = next;
	}
	if (!staying)
		return;
	monitor_lock(&c->office);
	*last = c->left;
	c->left = staying;
	monitor_unlock(&c->office);
}

struct crew_job *crew_give(struct crew *c, struct crew_job *job)
{
	struct worker   *left;
	struct client   *client;
	struct crew_job *surplus = NULL;

	monitor_lock(&c->office);
	left = take_left(c);
	client = client_of(c, job->client);
	see_crowd(c, client, job);
	job->number = c->given_n++;
	if (!find_hands(c, client, job))
		surplus = queue_up(c, client, job);
	forget_absent(c, client);
	monitor_unlock(&c->office);
	join_ended(c, left);
	return surplus;
}

struct crew_job *crew_take_back(struct crew *c, uint64_t client,
                                bool (*is_wanted)(struct crew_job *job))
{
	struct client   *it;
	struct crew_job *job;

	monitor_lock(&c->office);
	it = client_of(c, client);
	job = take_last(c, it, is_wanted);
	forget_absent(c, it);
	monitor_unlock(&c->office);
	return job;
}

static void dismiss_idle(struct crew *c, enum stand stand)
{
	while (c->idle[stand]) {
		struct worker *w = c->idle[stand];

		remove_idle(w);
		put_into_hand(w, NULL);
	}
}

void crew_end(struct crew *c)
{
	struct worker *left;

	monitor_lock(&c->office);
	c->is_ending = true;
	dismiss_idle(c, STAND_FRONT);
	dismiss_idle(c, STAND_BACK);
	while (c->there_n > 0)
		monitor_wait(&c->office, NULL, DEADLINE_NEVER);
	left = take_left(c);
	monitor_unlock(&c->office);
	join_all(left);
	free(c);
}
