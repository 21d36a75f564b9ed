/* test_spoken_head.c -- what the head of a request with a recording tells stays until its turn is
 * over, which is behind the answer. */
#include "../../functions/agent_reply/spoken.c"

#include "unit.h"

#include "../../common/web/serve.h"

enum { HEADS_N = 3 };

struct fake {
	struct transport t; /* first */
	char             values[HEADS_N][64];
};

static const char *const names[HEADS_N] = {"HTTP_X_SESSION_ID", "HTTP_X_SESSION_SECRET",
                                           "HTTP_X_TURN_ID"};

static const char *fake_param(struct transport *t, const char *name)
{
	struct fake *f = (struct fake *)t;

	for (size_t i = 0; i < HEADS_N; i++)
		if (str_equal(name, names[i]))
			return f->values[i];
	return NULL;
}

/* As the real one, which gives back the memory that the head was in. */
static void fake_finish(struct transport *t)
{
	struct fake *f = (struct fake *)t;

	memset(f->values, 0, sizeof(f->values));
}

static void outlives_the_answer(void **state)
{
	struct fake f = {.t = {.param = fake_param, .finish = fake_finish},
	                 .values = {"an id", "a secret", "a turn"}};
	struct req *rq = req_new(*state, &f.t);
	struct in   in = {.turn_id = NULL};

	assert_null(spoken_read(rq, &in));
	req_finish(rq, 0);
	assert_string_equal(in.session_id, "an id");
	assert_string_equal(in.session_secret, "a secret");
	assert_string_equal(in.turn_id, "a turn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {UNIT_TEST(outlives_the_answer)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
