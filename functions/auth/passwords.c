/* passwords.c -- checking and making what is kept of passwords, which is slow on purpose. */
#include "auth.h"

#include "../../common/engines/slots.h"
#include "../../common/base/utf8.h"

#include <stdatomic.h>

/* Fewer than threads, with those at work: the others serve who is signed in. */
#define WAITING_MAX 8u
#define AT_ONCE     2 /* 64 MiB and a processor each */
#define WAIT_MS     5000u
#define RETRY_MS    1000u

static struct slots slots = SLOTS(AT_ONCE);
static atomic_uint  waiting_n;

/* Of a password that nobody knows. */
static const char *nobodys;

int passwords_start(void)
{
	static struct arena *arena;

	arena = arena_new(1024);
	nobodys = crypto_password(arena, span_of(crypto_secret(arena)));
	if (!nobodys)
		fprintf(stderr, "auth: there is no memory to check passwords with (64 MiB)\n");
	return nobodys ? 0 : 1;
}

static struct err *crowded(struct ctx *cx)
{
	struct err *e =
		err_new(cx, ERR_UNAVAILABLE, WHERE, "%u wait with passwords already", WAITING_MAX);

	e->retry_after_ms = RETRY_MS;
	return e;
}

struct err *password_room(struct ctx *cx)
{
	return atomic_load(&waiting_n) < WAITING_MAX ? NULL : crowded(cx);
}

static struct err *take(struct ctx *cx, struct slot *out)
{
	struct deadline all = cx->deadline;
	struct err     *e;

	if (deadline_left_ms(all) > WAIT_MS)
		cx->deadline = deadline_in(WAIT_MS);
	e = atomic_fetch_add(&waiting_n, 1) < WAITING_MAX ? slots_take(cx, &slots, 1, out)
	                                                  : crowded(cx);
	atomic_fetch_sub(&waiting_n, 1);
	cx->deadline = all;
	return e;
}

struct err *password_check(struct ctx *cx, const char *kept, const char *password,
                           bool *is_right_out)
{
	struct slot slot;

	TRY(take(cx, &slot));
	*is_right_out = crypto_password_is(kept ? kept : nobodys, span_of(password)) && kept;
	slots_give(&slots, slot, true);
	return NULL;
}

struct err *password_make(struct ctx *cx, const char *password, const char **kept_out)
{
	struct slot slot;

	if ((int64_t)utf8_length(span_of(password)) < auth_values.password_min)
		FAIL_WORDED(cx, ERR_INPUT, .status = 422, .code = "weak_password",
		            .text = arena_printf(cx->arena, "A password has at least %lld characters.",
		                                 (long long)auth_values.password_min),
		            .details = "length");
	TRY(take(cx, &slot));
	*kept_out = crypto_password(cx->arena, span_of(password));
	slots_give(&slots, slot, true);
	if (!*kept_out)
		FAIL(cx, ERR_UNAVAILABLE, "no memory for a password");
	return NULL;
}
