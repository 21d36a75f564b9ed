/* JSON in and out: bounded, clean strings only, and what is written is what is read. */
#include "unit.h"

#include "../../common/base/json_in.h"
#include "../../common/base/json_out.h"
#include "../../common/base/str.h"

static int setup(void **state)
{
	json_start();
	return unit_setup(state);
}

static const struct cJSON *parse(struct ctx *cx, const char *text)
{
	const struct cJSON *root;

	assert_ok(json_parse(cx, span_of(text), &root));
	return root;
}

static void refuse(struct ctx *cx, struct span text, const char *why)
{
	const struct cJSON *root;
	struct err         *e = json_parse(cx, text, &root);

	if (!e)
		fail_msg("took %.40s", text.ptr);
	assert_int_equal(e->kind, ERR_INPUT);
	assert_non_null(strstr(e->detail, why));
}

static void paths_find_values(void **state)
{
	const struct cJSON *root =
		parse(*state, "{\"a\":{\"b\":[1,{\"c\":\"x\"}]},\"n\":null,\"t\":true}");

	assert_string_equal(json_text_at(root, "a.b[1].c"), "x");
	assert_int_equal((int)json_num_at(root, "a.b[0]", -1), 1);
	assert_int_equal((int)json_num_at(root, "a.b[7]", -1), -1);
	assert_null(json_text_at(root, "a.b[0]"));
	assert_null(json_at(root, "A"));
	assert_true(json_bool_at(root, "t", false));
	assert_int_equal(json_type(json_at(root, "n")), JSON_NULL);
	assert_int_equal(json_count(root), 3);
}

static void broken_text_is_refused(void **state)
{
	struct ctx *cx = *state;

	refuse(cx, SPAN("{"), "not JSON");
	refuse(cx, SPAN("{} x"), "not JSON");
	refuse(cx, SPAN("{'a':1}"), "not JSON");
	refuse(cx, SPAN("{\"a\":\"\xff\"}"), "UTF-8");
	refuse(cx, SPAN("{\"a\":\"\0\"}"), "U+0000");
	refuse(cx, SPAN("{\"a\":\"x\\u0000y\"}"), "U+0000");
	refuse(cx, SPAN("{\"a\":\"\\ud800\"}"), "surrogate");
	refuse(cx, SPAN("{\"a\":\"\\udc00\\ud800\"}"), "surrogate");
	refuse(cx, SPAN("{\"a\":\"\\ud83d x\"}"), "surrogate");
}

static void escapes_become_characters(void **state)
{
	const struct cJSON *root = parse(*state, "{\"a\":\"\\ud83d\\ude00 \\\\u0000 \\n\"}");

	assert_string_equal(json_text_at(root, "a"), "\xf0\x9f\x98\x80 \\u0000 \n");
}

static void depth_and_number_of_values_are_bounded(void **state)
{
	struct ctx *cx = *state;
	struct buf  deep = buf_new(cx->arena, 0), wide = buf_new(cx->arena, 0);

	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_char(&deep, '[');
	refuse(cx, buf_span(&deep), "deeply");
	buf_char(&wide, '[');
	for (int i = 0; i < JSON_VALUES_MAX; i++)
		buf_str(&wide, "1,");
	buf_str(&wide, "1]");
	refuse(cx, buf_span(&wide), "many values");
}

static void brackets_in_strings_do_not_count(void **state)
{
	parse(*state, "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{{{ \\\" [[[\"}");
}

static void what_is_written_is_read_back(void **state)
{
	struct ctx         *cx = *state;
	struct json_out    *j = json_new(cx->arena, 0);
	const struct cJSON *root;
	struct span         json;

	json_obj(j, NULL);
	json_str(j, "text", "quote \" back \\ line \n tab \t \x01 \xc3\xa9");
	json_str(j, "nothing", NULL);
	json_num(j, "half", 0.5);
	json_int(j, "big", 9007199254740993);
	json_arr(j, "list");
	json_int(j, NULL, 1);
	json_bool(j, NULL, true);
	json_end(j);
	json_base64(j, "bytes", SPAN("foob"));
	json_end(j);
	assert_ok(json_finish(cx, j, &json));
	root = parse(cx, json.ptr);
	assert_string_equal(json_text_at(root, "text"),
	                    "quote \" back \\ line \n tab \t \x01 \xc3\xa9");
	assert_int_equal(json_type(json_at(root, "nothing")), JSON_NULL);
	assert_true(json_num_at(root, "half", 0) == 0.5);
	assert_non_null(strstr(json.ptr, "\"half\":0.5,\"big\":9007199254740993,"));
	assert_true(json_bool_at(root, "list[1]", false));
	assert_string_equal(json_text_at(root, "bytes"), "Zm9vYg==");
}

static void numbers_json_does_not_know_become_null(void **state)
{
	struct ctx      *cx = *state;
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	json_arr(j, NULL);
	json_num(j, NULL, 0.0 / 0.0);
	json_num(j, NULL, 1.0 / 3);
	json_end(j);
	assert_ok(json_finish(cx, j, &json));
	assert_string_equal(json.ptr, "[null,0.333333]");
}

/* What follows the piece that does not fit may fit again, and look whole. */
static void json_over_its_maximum_is_not_given(void **state)
{
	static const char whole[] = "{\"a\":\"0123456789\",\"b\":1}";
	struct ctx       *cx = *state;

	for (size_t max = 1; max <= sizeof(whole); max++) {
		struct json_out *j = json_new(cx->arena, max);
		struct span      json = SPAN("untouched");

		json_obj(j, NULL);
		json_str(j, "a", "0123456789");
		json_int(j, "b", 1);
		json_end(j);
		if (max < sizeof(whole) - 1) {
			assert_err(json_finish(cx, j, &json), ERR_INTERNAL);
			assert_string_equal(json.ptr, "untouched");
			continue;
		}
		assert_ok(json_finish(cx, j, &json));
		assert_string_equal(json.ptr, whole);
	}
}

static void a_list_over_its_maximum_is_not_given(void **state)
{
	struct ctx *cx = *state;
	char       *text = arena_alloc(cx->arena, (2 << 20) + 1);
	const char *texts[] = {"short", text, "short"}, *json = NULL;

	memset(text, 'x', 2 << 20);
	assert_err(json_texts(cx, texts, 3, &json), ERR_INTERNAL);
	assert_null(json);
}

static void a_text_is_quoted(void **state)
{
	struct ctx *cx = *state;
	struct buf  b = buf_new(cx->arena, 0);

	buf_str(&b, "x");
	json_quote(&b, SPAN("a\"\x01"));
	assert_string_equal(buf_text(&b), "x\"a\\\"\\u0001\"");
}

static void a_list_of_texts_is_written_at_once(void **state)
{
	static const char *const texts[] = {"a \"b\"", "", "c"};
	const char              *json;

	assert_ok(json_texts(*state, texts, 3, &json));
	assert_string_equal(json, "[\"a \\\"b\\\"\",\"\",\"c\"]");
	assert_ok(json_texts(*state, NULL, 0, &json));
	assert_string_equal(json, "[]");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths_find_values),
		TEST(broken_text_is_refused),
		TEST(escapes_become_characters),
		TEST(depth_and_number_of_values_are_bounded),
		TEST(brackets_in_strings_do_not_count),
		TEST(what_is_written_is_read_back),
		TEST(numbers_json_does_not_know_become_null),
		TEST(json_over_its_maximum_is_not_given),
		TEST(a_list_over_its_maximum_is_not_given),
		TEST(a_text_is_quoted),
		TEST(a_list_of_texts_is_written_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
