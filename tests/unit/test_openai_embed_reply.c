/* test_openai_embed_reply.c -- vectors come in their own order, checked, or not at all. */
#include "unit.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/engines/openai_embed_reply.h"

#include <math.h>

#define HEAD  "{\"object\":\"list\",\"model\":\"m-1\",\"data\":["
#define OTHER "{\"object\":\"list\",\"model\":\"m-2\",\"data\":["

static const struct embed_wanted two = {.model = "m-1", .n = 2, .dims = 2};

static struct err *read_reply(struct ctx *cx, const char *body, const float **vectors)
{
	json_start();
	return openai_embed_reply(cx, span_of(body), &two, vectors);
}

static void orders_by_index(void **state)
{
	const float *v[2];

	assert_ok(read_reply(*state,
	                     HEAD "{\"index\":1,\"embedding\":[0,2]},"
	                          "{\"index\":0,\"embedding\":[3.0,-4]}]}",
	                     v));
	assert_true(fabsf(v[0][0] - 0.6f) < 1e-6f && fabsf(v[0][1] + 0.8f) < 1e-6f);
	assert_true(v[1][0] == 0 && v[1][1] == 1);
}

static void reads_base64(void **state)
{
	const float *v[2];

	/* 1.0f, 0.0f and 0.0f, -1.0f; little-endian */
	assert_ok(read_reply(*state,
	                     HEAD "{\"index\":0,\"embedding\":\"AACAPwAAAAA=\"},"
	                          "{\"index\":1,\"embedding\":\"AAAAAAAAgL8=\"}]}",
	                     v));
	assert_true(v[0][0] == 1 && v[0][1] == 0 && v[1][0] == 0 && v[1][1] == -1);
}

static void takes_a_dated_model_name(void **state)
{
	const float *v[2];

	assert_ok(read_reply(*state,
	                     "{\"model\":\"m-1-2026-01-01\",\"data\":["
	                     "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1,1]}]}",
	                     v));
}

static void refuses_everything_else(void **state)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"{}",
		"{\"data\":{}}",
		HEAD "]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":0,\"embedding\":[1,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":2,\"embedding\":[1,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":-1,\"embedding\":[1,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"embedding\":[1,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1,0,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1,null]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[0,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1e999,0]}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":\"AACAPwAA\"}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":\"AADAfwAAAAA=\"}]}",
		HEAD "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":\"*ACAPwAAAAA=\"}]}",
		OTHER "{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[1,0]}]}",
	};
	const float *v[2];

	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_err(read_reply(*state, bodies[i], v), ERR_UPSTREAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(orders_by_index),
		UNIT_TEST(reads_base64),
		UNIT_TEST(takes_a_dated_model_name),
		UNIT_TEST(refuses_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
