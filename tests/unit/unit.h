/* unit.h -- what unit tests share: cmocka with its headers, a unit of work for each test. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../common/base/ctx.h"

/* Fixtures: a ctx with an arena and a minute of time as *state. */
static inline int unit_setup(void **state)
{
	struct ctx *cx = calloc(1, sizeof(*cx));

	assert_non_null(cx);
	cx->arena = arena_new(1024);
	cx->deadline = deadline_in(60000);
	memcpy(cx->id, "unit", 5);
	*state = cx;
	return 0;
}

static inline int unit_teardown(void **state)
{
	struct ctx *cx = *state;

	arena_free(&cx->arena);
	free(cx);
	return 0;
}

#define UNIT_TEST(fn) cmocka_unit_test_setup_teardown(fn, unit_setup, unit_teardown)

/* A cancel that has fired. */
static inline struct cancel *unit_cancelled(void)
{
	static struct cancel fired;

	if (cancel_reason(&fired) == CANCEL_NONE) {
		cancel_init(&fired);
		cancel_fire(&fired, CANCEL_UNWANTED);
	}
	return &fired;
}

/* The error is there and of that kind. */
#define assert_err(e, wanted) \
	do { \
		const struct err *e_ = (e); \
		assert_non_null(e_); \
		assert_string_equal(err_code(e_->kind), err_code(wanted)); \
		assert_int_equal(e_->kind, wanted); \
	} while (0)

/* No error; shows its detail when there is one. */
#define assert_ok(e) \
	do { \
		const struct err *e_ = (e); \
		if (e_) \
			fail_msg("%s: %s at %s", err_code(e_->kind), e_->detail, e_->where); \
	} while (0)

#endif
