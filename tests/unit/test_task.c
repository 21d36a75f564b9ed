/* test_task.c -- work beside the unit of work: results, cancellation, clean ends. */
#include "../../common/base/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

static struct ctx new_ctx(void)
{
	return (struct ctx){.arena = arena_new(1024), .deadline = deadline_in(30000), .id = "parent"};
}

struct sum {
	int         n, total;
	const char *text;
};

static struct err *add_up(struct ctx *cx, void *data)
{
	struct sum *s = data;

	for (int i = 1; i <= s->n; i++)
		s->total += i;
	s->text = arena_printf(cx->arena, "%s: %d", cx->id, s->total);
	cx->cost.upstream_ms += 7;
	return NULL;
}

static void gives_results_that_last(void **state)
{
	struct ctx   cx = new_ctx();
	struct sum   sums[4] = {{.n = 1}, {.n = 10}, {.n = 100}, {.n = 1000}};
	struct task *tasks[4];

	(void)state;
	for (size_t i = 0; i < COUNT(tasks); i++)
		tasks[i] = task_start(&cx, add_up, &sums[i]);
	for (size_t i = 0; i < COUNT(tasks); i++)
		assert_null(task_join(tasks[i]));
	assert_null(task_join(tasks[0]));
	assert_string_equal(sums[3].text, "parent: 500500");
	assert_int_equal(cx.cost.upstream_ms, 28);
	arena_free(&cx.arena);
}

static struct err *fail_in_task(struct ctx *cx, void *data)
{
	FAIL(cx, ERR_UPSTREAM, "%s", (const char *)data);
}

static void gives_errors(void **state)
{
	struct ctx   cx = new_ctx();
	char         why[] = "on purpose";
	struct task *t = task_start(&cx, fail_in_task, why);
	struct err  *e = task_join(t);

	(void)state;
	assert_int_equal(e->kind, ERR_UPSTREAM);
	assert_string_equal(e->detail, "on purpose");
	arena_free(&cx.arena);
}

/* Ends only when told, as a call to a silent service would. */
static struct err *wait_until_cancelled(struct ctx *cx, void *data)
{
	atomic_bool *has_ended = data;

	while (!ctx_cancelled(cx) && deadline_left_ms(cx->deadline))
		usleep(1000);
	atomic_store(has_ended, true);
	FAIL(cx, ERR_CANCELLED, "told to");
}

static void cancels(void **state)
{
	struct ctx   cx = new_ctx();
	atomic_bool  has_ended = false;
	struct task *t = task_start(&cx, wait_until_cancelled, &has_ended);

	(void)state;
	task_cancel(t);
	assert_int_equal(task_join(t)->kind, ERR_CANCELLED);
	assert_true(deadline_left_ms(cx.deadline) > 5000);
	arena_free(&cx.arena);
}

static void ends_with_its_parent(void **state)
{
	struct ctx  cx = new_ctx();
	atomic_bool has_ended = false;

	(void)state;
	task_start(&cx, wait_until_cancelled, &has_ended);
	arena_free(&cx.arena);
	assert_true(atomic_load(&has_ended));
}

static void hears_its_parents_cancellation(void **state)
{
	struct ctx    cx = new_ctx();
	atomic_bool   has_ended = false;
	struct cancel parents;
	struct task  *t;

	(void)state;
	cancel_init(&parents);
	cx.cancel = &parents;
	t = task_start(&cx, wait_until_cancelled, &has_ended);
	cancel_fire(&parents, CANCEL_CLIENT_LEFT);
	assert_int_equal(task_join(t)->kind, ERR_CANCELLED);
	assert_true(deadline_left_ms(cx.deadline) > 5000);
	arena_free(&cx.arena);
	cancel_end(&parents);
}

static struct err *wait_for_its_end(struct ctx *cx, void *data)
{
	(void)data;
	while (!ctx_cancelled(cx))
		wait_fds(cx->cancel, NULL, 0, DEADLINE_NEVER);
	return NULL;
}

struct company {
	struct task *task;
	unsigned     lulls;
};

/* Without company the task never ends. */
static unsigned end_at_the_third(void *data)
{
	struct company *c = data;

	if (++c->lulls == 3)
		task_cancel(c->task);
	return 1;
}

static void keeps_company_while_it_joins(void **state)
{
	struct ctx     cx = new_ctx();
	struct company company = {.task = task_start_large(&cx, wait_for_its_end, NULL)};

	(void)state;
	ctx_keep_company(&cx, end_at_the_third, &company, 1);
	assert_null(task_join(company.task));
	assert_true(company.lulls >= 3);
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_results_that_last),
		cmocka_unit_test(gives_errors),
		cmocka_unit_test(cancels),
		cmocka_unit_test(ends_with_its_parent),
		cmocka_unit_test(hears_its_parents_cancellation),
		cmocka_unit_test(keeps_company_while_it_joins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
