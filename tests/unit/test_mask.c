/* test_mask.c -- names, addresses and numbers are masked, in texts and in JSON. */
#include "../../common/domain/who/mask.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ctx cx;

static int setup(void **state)
{
	(void)state;
	json_start();
	cx.arena = arena_new(65536);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&cx.arena);
	return 0;
}

static struct names names_of(const char *list)
{
	struct names names = {.n = 0};
	struct span  rest = span_of(list), one;

	while (str_next_item(&rest, &one))
		names_add(&cx, &names, arena_strndup(cx.arena, one.ptr, one.len));
	return names;
}

static void masks_names(void **state)
{
	static const struct {
		const char *names, *text, *masked;
	} cases[] = {
		{"", "Dana Reyes", "Dana Reyes"},
		{"Dana Reyes", "", ""},
		{"Dana Reyes", "nothing of the kind", "nothing of the kind"},
		{"Dana Reyes", "Hi, I am Dana Reyes.", "Hi, I am [name]."},
		{"Dana Reyes", "Good to meet you, Dana; noted.", "Good to meet you, [name]; noted."},
		{"Dana Reyes", "DANA and reyes, Reyes", "[name] and [name], [name]"},
		{"Dana Reyes", "Dana's plan, Reyes\u2019s too", "[name]'s plan, [name]\u2019s too"},
		{"Dana Reyes", "Danas bandana", "Danas bandana"},
		{"Dana Reyes", "dana-reyes dana_reyes dana.reyes", "[name]"},
		{"Dana Reyes", "(Reyes, Dana)", "([name], [name])"},
		{"Dana Reyes", "it is spelled R-E-Y-E-S, or d a n a", "it is spelled [name], or [name]"},
		{"Dana Reyes", "r e y e", "r e y e"},
		{"dana reyes", "Dana\nReyes", "[name]\n[name]"},
		{"Jos\u00e9 M\u00fcller", "jose or JOS\u00c9 Muller", "[name] or [name]"},
		{"Zoe", "Zo\u00eb came", "[name] came"},
		{"O'Brien", "O\u2019Brien's pub", "[name]'s pub"},
		{"Jean-Luc de la Cruz", "la Cruz, de la Cruz; de facto la la",
	     "[name], [name]; de facto la la"},
		{"Dana R. Reyes", "an R function by Dana R. Reyes", "an R function by [name]"},
		{"Will Turner", "I will, will Turner? Will!", "I will, [name]? [name]!"},
		{"Le Van", "le mot; Le Van", "le mot; [name]"},
		{"Dana Reyes,Ana Li", "Ana met Dana Li", "[name] met [name]"},
		{"\u041e\u043b\u044c\u0433\u0430", "\u044f \u043e\u043b\u044c\u0433\u0430 .",
	     "\u044f [name] ."},
		{"J", "J is a letter", "J is a letter"},
		{"Dana Reyes", "write to dana.reyes@x.io, Dana", "write to [email], [name]"},
		{"Dana", "dana at gmail dot com is my email", "[email] is my email"},
		{"Dana", "Dana 415 555 0132", "[name] [phone]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct names names = names_of(cases[i].names);
		const char  *got = mask_str(&cx, cases[i].text, &names);

		if (!str_equal(got, cases[i].masked))
			fail_msg("\"%s\" became \"%s\"", cases[i].text, got);
	}
	assert_null(mask_str(&cx, NULL, NULL));
	assert_string_equal(mask_str(&cx, "a@b.co", NULL), "[email]");
}

static void masks_json(void **state)
{
	static const struct {
		const char *json, *masked;
	} cases[] = {
		{"null", "null"},
		{"{\"a\":[1,2.5,true],\"b\":{}}", "{\"a\":[1,2.5,true],\"b\":{}}"},
		{"\"Dana\"", "\"[name]\""},
		{"{\"Dana\": {\"x\": \"y\", \"likes\":\"tea\"}}",
	     "{\"[name]\": {\"x\": \"y\", \"likes\":\"tea\"}}"},
		{"[\"\\nDana\\t\",\"\\\"Reyes\\\"\"]", "[\"\\n[name]\\u0009\",\"\\\"[name]\\\"\"]"},
		{"{\"first\":\"Dana\",\"last\":\"Reyes\",\"n\":7}",
	     "{\"first\":\"[name]\",\"last\":\"[name]\",\"n\":7}"},
		{"[\"Dana\", \"Reyes\"]", "[\"[name]\", \"[name]\"]"},
		{"{\"phone\":5550132}", "{\"phone\":\"[phone]\"}"},
		{"{\"phone\":\"555 0132\"}", "{\"phone\":\"[phone]\"}"},
		{"[\"415\",\"555 0132\",\"x\"]", "[\"[phone]\",\"[phone]\",\"x\"]"},
		{"{\"users\":50000}", "{\"users\":50000}"},
		{"{\"e\":\"a@b.co and c@d.co\",\"z\":\"\\u0061\"}",
	     "{\"e\":\"[email] and [email]\",\"z\":\"\\u0061\"}"},
		{"\"\\u0044ana\"", "\"[name]\""},
		{"\"\"", "\"\""},
		{"\"\\\\\"", "\"\\\\\""},
	};
	struct names names = names_of("Dana Reyes");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got = mask_json(&cx, span_of(cases[i].json), &names);

		if (!span_equal(got, span_of(cases[i].masked)))
			fail_msg("%s became %.*s", cases[i].json, (int)got.len, got.ptr);
	}
}

static void keeps_names_in_order_and_once(void **state)
{
	struct names names = names_of("Zoe Li, dana, Zo\u00eb LI, Dana");
	char         many[NAMES_MAX + 4][8];

	(void)state;
	assert_int_equal(names.n, 2);
	assert_string_equal(names.at[0], "dana");
	assert_string_equal(names.at[1], "Zoe Li");
	assert_false(names_add(&cx, &names, NULL));
	assert_false(names_add(&cx, &names, " . "));
	assert_false(names_add(&cx, &names, "A. B"));
	for (size_t i = 0; i < COUNT(many); i++) {
		snprintf(many[i], sizeof(many[i]), "name%zu", i);
		assert_int_equal(names_add(&cx, &names, many[i]), i + 2 < NAMES_MAX);
	}
	assert_int_equal(names.n, NAMES_MAX);
}

/* A second would do for ten times as much; quadratic work would take minutes. */
static void is_linear(void **state)
{
	struct names names = names_of("Dddddddddddddd Reyes");
	size_t       len = (size_t)1 << 20;
	char        *text = arena_alloc(cx.arena, len + 1);
	uint64_t     start_ms = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ' ' : 'd';
	text[len] = '\0';
	assert_true(mask_text(&cx, span_of(text), &names).len < len);
	assert_true(clock_mono_ms() - start_ms < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_names),
		cmocka_unit_test(masks_json),
		cmocka_unit_test(keeps_names_in_order_and_once),
		cmocka_unit_test(is_linear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
