/* task.c -- one thread per task: they are few, and wait for most of their life. */
#include "task.h"

#include "log.h"
#include "thread.h"

#include <string.h>

/* TLS and name look-ups want 128 kB; sanitizers widen every frame. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_BYTES ((size_t)1 << 20)
#else
#define STACK_BYTES ((size_t)256 << 10)
#endif
#define LARGE_BYTES ((size_t)1 << 20)
#define ARENA_BYTES 4096u

struct task {
	struct ctx     cx; /* the child's */
	struct ctx    *parent;
	task_fn       *fn;
	void          *data;
	struct err    *result;
	pthread_t      thread;
	bool           is_running; /* a thread is to be joined; only the parent's thread looks */
	struct cancel  cancel;
	struct monitor end;
	bool           has_ended; /* under its lock */
};

static void *run(void *data)
{
	struct task *t = data;

	t->result = t->fn(&t->cx, t->data);
	monitor_lock(&t->end);
	t->has_ended = true;
	monitor_tell(&t->end);
	monitor_unlock(&t->end);
	return NULL;
}

static void end(void *data)
{
	struct task *t = data;

	task_cancel(t);
	if (t->is_running)
		pthread_join(t->thread, NULL);
	arena_free(&t->cx.arena);
	cancel_end(&t->cancel);
}

static struct task *start(struct ctx *cx, task_fn *fn, void *data, size_t stack_bytes)
{
	struct task *t = NEW(cx->arena, struct task);

	t->parent = cx;
	cancel_init_child(&t->cancel, cx->cancel);
	t->fn = fn;
	t->data = data;
	t->cx = (struct ctx){
		.arena = arena_new(ARENA_BYTES),
		.deadline = cx->deadline,
		.cancel = &t->cancel,
		.is_job = cx->is_job,
		.client = cx->client,
		.session = cx->session,
		.is_crowd = cx->is_crowd,
		.payers = cx->payers,
		.trace = cx->trace,
	};
	memcpy(t->cx.id, cx->id, sizeof(t->cx.id));
	arena_defer(cx->arena, end, t);
	t->end = (struct monitor)MONITOR;
	t->is_running = thread_start(&t->thread, stack_bytes, run, t) == 0;
	if (!t->is_running) {
		LOG(LOG_WARN, cx, "task_without_thread");
		run(t);
	}
	return t;
}

struct task *task_start(struct ctx *cx, task_fn *fn, void *data)
{
	return start(cx, fn, data, STACK_BYTES);
}

struct task *task_start_large(struct ctx *cx, task_fn *fn, void *data)
{
	return start(cx, fn, data, LARGE_BYTES);
}

void task_cancel(struct task *task)
{
	cancel_fire(&task->cancel, CANCEL_UNWANTED);
}

static void keep_company(struct task *t)
{
	monitor_lock(&t->end);
	while (!t->has_ended)
		ctx_wait(t->parent, &t->end, NULL, DEADLINE_NEVER);
	monitor_unlock(&t->end);
}

struct err *task_join(struct task *task)
{
	if (task->is_running && task->parent->on_lull)
		keep_company(task);
	if (task->is_running)
		pthread_join(task->thread, NULL);
	task->is_running = false;
	task->parent->cost.db_ms += task->cx.cost.db_ms;
	task->parent->cost.upstream_ms += task->cx.cost.upstream_ms;
	task->parent->cost.embed_ms += task->cx.cost.embed_ms;
	task->parent->cost.decode_ms += task->cx.cost.decode_ms;
	task->cx.cost = (struct ctx_cost){0};
	return task->result;
}
