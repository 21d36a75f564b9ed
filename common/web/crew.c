/* crew.c -- a stack of idle threads, and for each client that is there a queue of its jobs.
 *
 * A job is put into the hand of one idle thread, which alone is woken. Where jobs wait though a
 * thread is idle, their clients have as many in hand as they may: the next of these that is done
 * takes one of them. Locks: the crew's before a worker's own. */
#include "crew.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "by_client.h"

#define WARM_THREADS 4u     /* stay, though idle */
#define IDLE_MS      10000u /* after so long the others leave */
/* Virtual size: only touched pages cost memory. TLS and libav want some room. */
#define STACK_BYTES ((size_t)1 << 20)

/* There while it has anything in hand or waiting. */
struct client {
	struct by_client entry; /* first */
	unsigned         in_hand, waiting;
	uint64_t         served; /* when its last job was taken, counted; 0: none was */
	struct crew_job *first, *last;
	struct client   *behind, **in_queue; /* among those who wait; in_queue NULL: it does not */
};

struct worker {
	struct crew     *crew;
	pthread_t        thread;
	struct client   *client; /* whose job it has; guarded by the crew's lock */
	struct monitor   told;   /* guards the two below */
	struct crew_job *job;
	bool             is_dismissed;
	bool             is_idle;      /* this and the links: guarded by the crew's lock */
	struct worker   *next, **link; /* among the idle; next also among those who left */
};

struct crew {
	struct crew_plan  plan;
	struct monitor    office; /* guards all below; tells when the last thread has left */
	struct worker    *idle, *left;
	struct by_clients clients;
	struct client    *queue;     /* those of them who wait */
	unsigned          workers_n; /* who may take a job; the leaving are still there */
	unsigned          there_n, queue_n;
	uint64_t          given_n, served_n;
	bool              is_ending;
};

struct crew *crew_new(const struct crew_plan *plan)
{
	struct crew *c = calloc(1, sizeof(*c));

	if (!c)
		fatal("out of memory: no threads");
	c->plan = *plan;
	c->office = (struct monitor)MONITOR;
	return c;
}

/* ---- clients ---- */

static struct client *client_of(struct crew *c, uint64_t key)
{
	return by_client_of(&c->clients, key, sizeof(struct client));
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

static unsigned has_all(const struct client *it)
{
	return it->in_hand + it->waiting;
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
	struct crew *c = w->crew;

	w->is_idle = true;
	w->next = c->idle;
	w->link = &c->idle;
	if (w->next)
		w->next->link = &w->next;
	c->idle = w;
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
	return c->workers_n <= WARM_THREADS ? DEADLINE_NEVER : deadline_in(IDLE_MS);
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
		if (w->is_idle && c->workers_n > WARM_THREADS)
			remove_idle(w); /* without a job: it leaves */
	}
}

static void serve(struct worker *w, struct client *it)
{
	it->in_hand++;
	it->served = ++w->crew->served_n;
	w->client = it;
}

static struct crew_job *next_job(struct worker *w)
{
	struct crew   *c = w->crew;
	struct client *done = w->client, *next;

	monitor_lock(&c->office);
	done->in_hand--;
	forget_absent(c, done);
	w->job = NULL;
	next = whose_turn(c);
	if (next) {
		serve(w, next);
		w->job = take_first(c, next);
	} else if (!c->is_ending) {
		stay_idle(w);
	}
	if (!w->job)
		c->workers_n--;
	monitor_unlock(&c->office);
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

	do
		w->crew->plan.work(w->job);
	while (next_job(w));
	w->crew->plan.end();
	leave(w);
	return NULL;
}

/* ---- who gives ---- */

static bool start_worker(struct crew *c, struct client *client, struct crew_job *job)
{
	struct worker *w = calloc(1, sizeof(*w));
	int            failed;

	if (!w)
		fatal("out of memory: no thread");
	*w = (struct worker){.crew = c, .told = MONITOR, .job = job};
	serve(w, client);
	failed = thread_start(&w->thread, STACK_BYTES, work, w);
	if (failed) {
		LOG(LOG_WARN, NULL, "thread_not_started", F_INT("errno", failed),
		    F_INT("threads", c->workers_n));
		client->in_hand--;
		free(w);
		return false;
	}
	c->workers_n++;
	c->there_n++;
	return true;
}

static bool find_hands(struct crew *c, struct client *client, struct crew_job *job)
{
	struct worker *w = c->idle;

	if (has_enough(c, client))
		return false;
	if (!w)
		return c->workers_n < c->plan.threads_max && start_worker(c, client, job);
	remove_idle(w);
	serve(w, client);
	put_into_hand(w, job);
	return true;
}

/* The job without a place: this one or, where somebody has more than its client, one of theirs. */
static struct crew_job *queue_up(struct crew *c, struct client *client, struct crew_job *job)
{
	struct crew_job *surplus = NULL;
	struct client   *most;

	if (c->workers_n == 0)
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

struct crew_job *crew_give(struct crew *c, struct crew_job *job)
{
	struct worker   *left;
	struct client   *client;
	struct crew_job *surplus = NULL;

	monitor_lock(&c->office);
	left = take_left(c);
	client = client_of(c, job->client);
	job->number = c->given_n++;
	if (!find_hands(c, client, job))
		surplus = queue_up(c, client, job);
	forget_absent(c, client);
	monitor_unlock(&c->office);
	join_all(left);
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

void crew_end(struct crew *c)
{
	struct worker *left;

	monitor_lock(&c->office);
	c->is_ending = true;
	while (c->idle) {
		struct worker *w = c->idle;

		remove_idle(w);
		put_into_hand(w, NULL);
	}
	while (c->there_n > 0)
		monitor_wait(&c->office, NULL, DEADLINE_NEVER);
	left = take_left(c);
	monitor_unlock(&c->office);
	join_all(left);
	free(c);
}
