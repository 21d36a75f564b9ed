/* test_memory_seal.c -- by what a memory is known to be the same as another. */
#include "../../common/base/json_in.h"
#include "../../common/store/memories.h"
#include "../../common/store/memory_seal.h"

#include "unit.h"

static struct memory_kept kept(struct ctx *cx, const char *content)
{
	struct names       names = {.n = 0};
	struct memory_new  in = {.session_id = "s",
	                         .content_json = span_of(content),
	                         .words = "x",
	                         .tags_json = SPAN("[]"),
	                         .metadata_json = SPAN("{}"),
	                         .names = &names};
	struct memory_kept out;

	assert_ok(memory_keep(cx, &in, &out));
	return out;
}

static void the_order_of_members_is_none(void **state)
{
	static const char *const orders[] = {"{\"zone\":[{\"y\":1,\"x\":2}],\"area\":\"a\"}",
	                                     "{\"area\":\"a\",\"zone\":[{\"x\":2,\"y\":1}]}"};
	struct ctx              *cx = *state;
	struct memory_kept       one = kept(cx, orders[0]), same = kept(cx, orders[1]);
	struct hash              as_it_came = HASH("memory", span_of(orders[0]));

	assert_true(span_equal(one.hash, same.hash));
	/* It may have been kept when the order counted. */
	assert_true(span_equal(one.hash_plain, hash_span(&as_it_came)));
}

static void the_order_of_elements_is_one(void **state)
{
	struct ctx        *cx = *state;
	struct memory_kept one = kept(cx, "[1,2]"), other = kept(cx, "[2,1]");

	assert_false(span_equal(one.hash, other.hash));
}

static int start(void **state)
{
	crypto_start();
	json_start();
	return unit_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_order_of_members_is_none, start, unit_teardown),
		cmocka_unit_test_setup_teardown(the_order_of_elements_is_one, start, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
