/* crew.c -- a stack of idle threads, a queue of jobs, and at most one of the two not empty.
 *
 * A job is put into the hand of one idle thread, which alone is woken. Locks:
 * the crew's before a worker's own. */
#include "crew.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/thread.h"
#include "../base/wait.h"

#define WARM_THREADS 4u     /* stay, though idle */
#define IDLE_MS      10000u /* after so long the others leave */
/* Virtual size: only touched pages cost memory. TLS and libav want some room. */
#define STACK_BYTES ((size_t)1 << 20)

struct worker {
	struct crew     *crew;
	pthread_t        thread;
	struct monitor   told; /* guards the two below */
	struct crew_job *job;
	bool             is_dismissed;
	bool             is_idle;      /* this and the links: guarded by the crew's lock */
	struct worker   *next, **link; /* among the idle; next also among those who left */
};

struct crew {
	struct crew_plan plan;
	struct monitor   office; /* guards all below; tells when the last thread has left */
	struct worker   *idle, *left;
	struct crew_job *first, *last;
	unsigned         workers_n; /* who may take a job; the leaving are still there */
	unsigned         there_n, queue_n;
	bool             is_ending;
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

static struct crew_job *next_job(struct worker *w)
{
	struct crew *c = w->crew;

	monitor_lock(&c->office);
	w->job = c->first;
	if (w->job) {
		c->first = w->job->next;
		c->queue_n--;
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

static bool start_worker(struct crew *c, struct crew_job *job)
{
	struct worker *w = calloc(1, sizeof(*w));
	int            failed;

	if (!w)
		fatal("out of memory: no thread");
	*w = (struct worker){.crew = c, .told = MONITOR, .job = job};
	failed = thread_start(&w->thread, STACK_BYTES, work, w);
	if (failed) {
		LOG(LOG_WARN, NULL, "thread_not_started", F_INT("errno", failed),
		    F_INT("threads", c->workers_n));
		free(w);
		return false;
	}
	c->workers_n++;
	c->there_n++;
	return true;
}

static bool queue_up(struct crew *c, struct crew_job *job)
{
	if (c->workers_n == 0 || c->queue_n >= c->plan.queue_max)
		return false;
	job->next = NULL;
	if (c->first)
		c->last->next = job;
	else
		c->first = job;
	c->last = job;
	c->queue_n++;
	return true;
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

bool crew_give(struct crew *c, struct crew_job *job)
{
	struct worker *w, *left;
	bool           is_taken = true;

	monitor_lock(&c->office);
	left = take_left(c);
	w = c->idle;
	if (w) {
		remove_idle(w);
		put_into_hand(w, job);
	} else {
		is_taken = (c->workers_n < c->plan.threads_max && start_worker(c, job)) || queue_up(c, job);
	}
	monitor_unlock(&c->office);
	join_all(left);
	return is_taken;
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
