/* thread.c -- starting threads. */
#include "thread.h"

#include "wait.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define BACK_NICE     19
#define MIDWIFE_STACK ((size_t)64 << 10)

int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *data)
{
	pthread_attr_t attr;
	sigset_t       all;
	int            failed;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack_bytes);
	pthread_attr_setsigmask_np(&attr, &all);
	failed = pthread_create(out, &attr, run, data);
	pthread_attr_destroy(&attr);
	return failed;
}

/* ---- standing back ---- */

/* A thread that somebody wants, who waits for it. */
struct birth {
	pthread_t *out;
	size_t     stack_bytes;
	void *(*run)(void *);
	void *data;
	int   failed;
	bool  is_done;
};

/* Threads inherit niceness from who starts them. She comes before the first stands back, and does
 * not herself. */
static struct {
	struct monitor m; /* guards the rest */
	struct birth  *wanted;
	bool           is_there;
} midwife = {.m = MONITOR};

static void bear(struct birth *b)
{
	b->failed = thread_start(b->out, b->stack_bytes, b->run, b->data);
	b->is_done = true;
	monitor_tell_all(&midwife.m);
}

/* Until the process ends. */
static void *deliver(void *unused)
{
	monitor_lock(&midwife.m);
	for (;;) {
		while (!midwife.wanted)
			monitor_wait(&midwife.m, NULL, DEADLINE_NEVER);
		bear(midwife.wanted);
		midwife.wanted = NULL;
	}
	return unused;
}

static void call_midwife(void)
{
	pthread_t thread;

	monitor_lock(&midwife.m);
	if (!midwife.is_there && thread_start(&thread, MIDWIFE_STACK, deliver, NULL) == 0)
		midwife.is_there = pthread_detach(thread) == 0;
	monitor_unlock(&midwife.m);
}

/* Niceness alone leaves them much where they are many: each counts. */
void thread_stand_back(void)
{
	call_midwife();
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), BACK_NICE);
	(void)sched_setscheduler(gettid(), SCHED_IDLE, &(struct sched_param){0});
}

void thread_step_aside(int nice)
{
	int now = getpriority(PRIO_PROCESS, (id_t)gettid());

	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), now + nice);
}

int thread_start_for_all(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *data)
{
	struct birth b = {.out = out, .stack_bytes = stack_bytes, .run = run, .data = data};

	monitor_lock(&midwife.m);
	if (!midwife.is_there)
		bear(&b); /* nobody has stood back */
	while (!b.is_done && midwife.wanted)
		monitor_wait(&midwife.m, NULL, DEADLINE_NEVER);
	if (!b.is_done)
		midwife.wanted = &b;
	monitor_tell_all(&midwife.m);
	while (!b.is_done)
		monitor_wait(&midwife.m, NULL, DEADLINE_NEVER);
	monitor_unlock(&midwife.m);
	return b.failed;
}
