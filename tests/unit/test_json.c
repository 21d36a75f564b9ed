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

	refuse(cx, SPAN("{"), "ends before it is whole, at byte 1");
	refuse(cx, SPAN(""), "ends before it is whole");
	refuse(cx, SPAN("[1] x"), "something behind its end, at byte 4");
	refuse(cx, SPAN("{\"user\":\"abcdefghij\xff\"}"), "is not valid UTF-8, at byte 19");
	refuse(cx, SPAN("{} {}"), "something behind its end");
	refuse(cx, SPAN("{'a':1}"), "a member's name in quotes");
	refuse(cx, SPAN("{1:1}"), "a member's name in quotes");
	refuse(cx, SPAN("{\"a\" 1}"), "a colon");
	refuse(cx, SPAN("{\"a\":}"), "a value belongs");
	refuse(cx, SPAN("{\"a\":1,}"), "a member's name in quotes");
	refuse(cx, SPAN("[1,]"), "a value belongs");
	refuse(cx, SPAN("[1 2]"), "a comma or an end");
	refuse(cx, SPAN("[1}"), "a comma or an end");
	refuse(cx, SPAN("{\"a\":1]"), "a comma or an end");
	refuse(cx, SPAN("]"), "a value belongs");
	refuse(cx, SPAN("[tru]"), "true, false or null");
	refuse(cx, SPAN("\v1"), "a value belongs");
	refuse(cx, SPAN("\xef\xbb\xbf{}"), "a value belongs");
	refuse(cx, SPAN("{\"a\":\"\xff\"}"), "UTF-8");
	refuse(cx, SPAN("{\"a\":\"\0\"}"), "U+0000");
	refuse(cx, SPAN("{\"a\":\"x\\u0000y\"}"), "U+0000");
	refuse(cx, SPAN("{\"a\":\"\\ud800\"}"), "surrogate");
	refuse(cx, SPAN("{\"a\":\"\\udc00\\ud800\"}"), "surrogate");
	refuse(cx, SPAN("{\"a\":\"\\ud83d x\"}"), "surrogate");
	refuse(cx, SPAN("{\"a\":\"\\ud83d\\u0041\"}"), "surrogate");
	refuse(cx, SPAN("\"\\ud83d"), "surrogate");
}

/* What the parser behind it takes, some of it as something else. */
static void strings_follow_the_grammar(void **state)
{
	struct ctx *cx = *state;

	refuse(cx, SPAN("{\"a\":\"x\\uZZZZy\",\"b\":1}"), "four hex digits, at byte 7");
	refuse(cx, SPAN("\"\\u12\""), "four hex digits");
	refuse(cx, SPAN("\"\\u+123\""), "four hex digits");
	refuse(cx, SPAN("\"\\x41\""), "unknown escape");
	refuse(cx, SPAN("\"\\"), "unknown escape");
	refuse(cx, SPAN("\"a\nb\""), "control character in a string, at byte 2");
	refuse(cx, SPAN("{\"long enough\":\"for eight at once\t\"}"), "control character");
	refuse(cx, SPAN("{\"a\x1f\":1}"), "control character");
	refuse(cx, SPAN("\"without an end"), "string without an end");
	assert_string_equal(json_text_at(parse(cx, "\"\x7f\\/\\b\\f\\u00e9\""), ""),
	                    "\x7f/\b\f\xc3\xa9");
}

/* A byte of each kind at every place among others of eight at once. */
static void a_string_is_read_to_its_end_and_no_further(void **state)
{
	struct ctx *cx = *state;
	char        text[24];

	for (size_t i = 1; i < sizeof(text) - 2; i++)
		for (int c = 1; c < 128; c++) {
			const struct cJSON *root;
			bool                is_plain = c >= 0x20 && c != '"' && c != '\\';

			memset(text, 'x', sizeof(text));
			text[0] = text[sizeof(text) - 2] = '"';
			text[sizeof(text) - 1] = ' ';
			text[i] = (char)c;
			if (is_plain != !json_parse(cx, (struct span){text, sizeof(text)}, &root))
				fail_msg("0x%02x at %zu", (unsigned)c, i);
		}
}

static void numbers_follow_the_grammar(void **state)
{
	static const char *const wrong[] = {"01",  "-01",  "1.",  ".5", "+1",   "-",   "1e",      "1e+",
	                                    "-.5", "1.e1", "0x1", "00", "1.5.", "NaN", "Infinity"};
	static const char *const beyond[] = {
		"1e999", "-1e309", "1e-400", "1.8e308", "123e99999999999999999999", "0e-99999"};
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(wrong); i++)
		refuse(cx, span_of(arena_printf(cx->arena, "[%s]", wrong[i])), "has");
	for (size_t i = 0; i < COUNT(beyond); i++)
		refuse(cx, span_of(arena_printf(cx->arena, "[%s]", beyond[i])),
		       "beyond the range of a double, at byte 1");
	refuse(cx, SPAN("[1.]"), "a number that is not written as JSON");
}

static const char *many(struct ctx *cx, char digit, int n)
{
	char *text = arena_alloc(cx->arena, (size_t)n + 1);

	memset(text, digit, (size_t)n);
	return text;
}

static void numbers_stay_as_they_were_written(void **state)
{
	struct ctx *cx = *state;
	const char *exact[] = {"9007199254740993",
	                       "12345678901234567890",
	                       "0.1",
	                       "1.10",
	                       "-0",
	                       "1E+2",
	                       "1.7976931348623157e308",
	                       "5e-324",
	                       "0e5",
	                       many(cx, '7', 63),
	                       many(cx, '7', 64),
	                       many(cx, '1', 309),
	                       arena_printf(cx->arena, "0.%s1", many(cx, '0', 300)),
	                       arena_printf(cx->arena, "1%se-985", many(cx, '0', 990))};

	for (size_t i = 0; i < COUNT(exact); i++) {
		const char *text = arena_printf(cx->arena, "{\"a\":[[%s],true,%s],\"b\":{},\"c\":%s}",
		                                exact[i], exact[i], exact[i]);
		const struct cJSON *root = parse(cx, text);

		assert_string_equal(json_print(cx, root).ptr, text);
		assert_true(json_num_at(root, "a[0][0]", 0.5) == strtod(exact[i], NULL));
		assert_true(json_num_at(root, "c", 0.5) == strtod(exact[i], NULL));
		assert_int_equal(json_type(json_at(root, "a[2]")), JSON_NUMBER);
	}
	refuse(cx, span_of(many(cx, '1', 310)), "beyond");
	refuse(cx, span_of(arena_printf(cx->arena, "0.%s", many(cx, '3', 999))), "too long");
}

static void what_is_stored_is_measured_without_exponents(void **state)
{
	struct ctx *cx = *state;

	assert_int_equal(json_stored_bytes(cx, SPAN("[1,\"1e300\",0.25]")), 16);
	assert_in_range(json_stored_bytes(cx, SPAN("[1e300]")), 303, 310);
	assert_in_range(json_stored_bytes(cx, SPAN("[1E-300,1e+2]")), 306, 320);
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
		TEST(strings_follow_the_grammar),
		TEST(a_string_is_read_to_its_end_and_no_further),
		TEST(numbers_follow_the_grammar),
		TEST(numbers_stay_as_they_were_written),
		TEST(what_is_stored_is_measured_without_exponents),
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
