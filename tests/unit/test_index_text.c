/* test_index_text.c -- what is searched of a memory, and what a question asks for. */
#include "../../common/domain/memory/index_text.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/domain/text/words.h"
#include "../../common/domain/who/mask.h"

#include "unit.h"

#define NOW INT64_C(1683554160000) /* Monday, 8 May 2023 */

struct words_case {
	const char *content, *summary, *speaker, *said, *words;
};

static const struct words_case cases[] = {
	{"\"I like tea\"", NULL, NULL, "I like tea", "I like tea"},
	{"\"Dana Reyes: I like tea\"", NULL, "Dana Reyes", "I like tea", "Dana Reyes: I like tea"},
	{"\"Note: see https://a.example\"", NULL, "Note", "see https://a.example",
     "Note: see https://a.example"},
	{"\"at 5: tea\"", NULL, NULL, "at 5: tea", "at 5: tea"},
	{"{\"speaker\":\"Dana\",\"text\":\"Tea, at 5\",\"n\":3}", NULL, "Dana", "Tea, at 5 3",
     "Dana: Tea, at 5 3"},
	{"{\"a\":[\"one\",{\"b\":\"two\"}],\"c\":true,\"d\":null}", "in short", NULL,
     "one two in short", "one two in short"},
	{"{\"speaker\":7,\"text\":\"x\"}", NULL, NULL, "7 x", "7 x"},
	{"\"We met yesterday\"", NULL, NULL, "We met yesterday",
     "We met yesterday (7 May 2023 Sunday)"},
	{"{}", NULL, NULL, "", ""},
	{"42", NULL, NULL, "42", "42"},
};

static void takes_words(void **state)
{
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct words_case *c = &cases[i];
		const struct cJSON      *content;
		struct index_text        got;

		assert_null(json_parse(cx, span_of(c->content), &content));
		index_text_of(cx, content, c->summary, NOW, &got);
		if (!str_equal(got.speaker, c->speaker) || !str_equal(got.said, c->said) ||
		    !str_equal(got.words, c->words))
			fail_msg("case %zu: \"%s\" \"%s\" \"%s\"", i, got.speaker ? got.speaker : "", got.said,
			         got.words);
	}
}

static void long_words_are_cut(void **state)
{
	struct ctx       *cx = *state;
	struct buf        text = buf_new(cx->arena, 0);
	struct index_text got;

	for (int i = 0; i < 5000; i++)
		buf_str(&text, "tée ");
	index_text_said(cx, "visitor", buf_text(&text), NOW, &got);
	assert_true(strlen(got.said) <= INDEX_TEXT_MAX);
	assert_true(strlen(got.said) > INDEX_TEXT_MAX - 8);
}

/* All of a long text is in its pieces, each with who said it, and none of them is cut in a word. */
static void the_rest_is_in_pieces(void **state)
{
	struct ctx       *cx = *state;
	struct buf        text = buf_new(cx->arena, 0);
	struct index_text got;
	char              word[16];

	for (int i = 0; i < 5000; i++)
		buf_printf(&text, "tée%04d ", i);
	index_text_said(cx, "Dana", buf_text(&text), NOW, &got);
	assert_in_range(got.more_n, 1, 6);
	for (int i = 0; i < 5000; i++) {
		size_t in = got.more_n;

		snprintf(word, sizeof(word), "tée%04d", i);
		for (size_t n = 0; n < got.more_n; n++)
			in = words_contain(span_of(got.more[n]), word) ? n : in;
		assert_true(in < got.more_n || words_contain(span_of(got.words), word));
	}
	for (size_t n = 0; n < got.more_n; n++) {
		assert_true(span_starts(span_of(got.more[n]), SPAN("Dana: tée")));
		assert_true(strlen(got.more[n]) <= INDEX_TEXT_MAX + 6);
	}
}

static void pieces_are_few(void **state)
{
	struct ctx       *cx = *state;
	size_t            len = (size_t)1 << 18;
	char             *text = arena_alloc(cx->arena, len + 1);
	struct index_text got;

	memset(text, 'x', len); /* no end of a word anywhere */
	index_text_said(cx, NULL, text, NOW, &got);
	assert_int_equal(got.more_n, INDEX_MORE_MAX);
	index_text_said(cx, NULL, text + len - INDEX_TEXT_MAX, NOW, &got);
	assert_int_equal(got.more_n, 0);
}

/* In a piece, a number does not stand beside the name of its member any more. */
static void pieces_tell_no_contact(void **state)
{
	struct ctx         *cx = *state;
	struct buf          json = buf_new(cx->arena, 0);
	const struct cJSON *content;
	struct index_text   got;

	buf_str(&json, "{\"text\":\"");
	for (int i = 0; i < 1500; i++)
		buf_str(&json, "a rainy day ");
	buf_str(&json, "\",\"of\":[{\"phone\":5550123}]}");
	assert_null(json_parse(cx, buf_span(&json), &content));
	index_text_of(cx, content, NULL, NOW, &got);
	assert_true(got.more_n > 0);
	assert_null(strstr(got.more[got.more_n - 1], "5550123"));
	assert_non_null(strstr(got.more[got.more_n - 1], "[phone]"));
}

static void a_summary_makes_a_piece_too(void **state)
{
	struct ctx         *cx = *state;
	struct buf          json = buf_new(cx->arena, 0), summary = buf_new(cx->arena, 0);
	const struct cJSON *content;
	struct index_text   got;

	buf_str(&json, "{\"text\":\"");
	for (int i = 0; i < 660; i++)
		buf_str(&json, "a rainy day ");
	buf_str(&json, "\",\"phone\":5550123}");
	for (int i = 0; i < 60; i++)
		buf_str(&summary, "it rains now ");
	assert_null(json_parse(cx, buf_span(&json), &content));
	index_text_of(cx, content, buf_text(&summary), NOW, &got);
	assert_int_equal(got.more_n, 1);
	assert_null(strstr(got.words, "5550123"));
	assert_null(strstr(got.more[0], "5550123"));
	assert_non_null(strstr(got.more[0], "[phone]"));
	assert_non_null(strstr(got.more[0], "it rains now it rains now"));
}

/* Where a piece begins or ends no number is in two halves, of which neither looks like one. */
static void borders_halve_no_number(void **state)
{
	struct ctx       *cx = *state;
	struct index_text got;

	for (int pad = 0; pad < 30; pad++) {
		struct buf text = buf_new(cx->arena, 0);

		buf_printf(&text, "%.*s ", pad, "------------------------------");
		for (int i = 0; i < 1000; i++)
			buf_str(&text, "call +1 415 555 0123 soon, ");
		index_text_said(cx, NULL, buf_text(&text), NOW, &got);
		assert_true(got.more_n > 0);
		assert_null(strpbrk(mask_str(cx, got.said, NULL), "0123456789"));
		for (size_t i = 0; i < got.more_n; i++)
			assert_null(strpbrk(mask_str(cx, got.more[i], NULL), "0123456789"));
	}
}

static void knows_what_asks_about_now(void **state)
{
	static const char *const yes[] = {"where do I work now",
	                                  "What is my current plan?",
	                                  "Who runs sales these days?",
	                                  "Does she live in Rome any more?",
	                                  "wo arbeite ich jetzt",
	                                  "Now, where do we stand at the moment?"};
	static const char *const no[] = {"Where did I work?",
	                                 "Now, what did I tell you about Rome?",
	                                 "Do you know Novak?",
	                                 "What is in the snow?",
	                                 "",
	                                 "How long have I had my current job?",
	                                 "What was my latest plan in May 2022?"};
	struct ctx              *cx = *state;
	struct index_query       q;

	for (size_t i = 0; i < COUNT(yes); i++) {
		index_query_of(cx, yes[i], NULL, 0, NOW, &q);
		if (!q.asks_now)
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		index_query_of(cx, no[i], NULL, 0, NOW, &q);
		if (q.asks_now)
			fail_msg("%s", no[i]);
	}
}

static void takes_names_out_of_the_topic(void **state)
{
	static const char *const speakers[] = {"Caroline", "Melanie"};
	struct ctx              *cx = *state;
	struct index_query       q;

	index_query_of(cx, "What did Caroline's mother give Melanie last May?", speakers, 2, NOW, &q);
	assert_string_equal(q.topic, "What did mother give last May?");
	assert_int_equal(q.named_n, 2);
	assert_string_equal(q.words, "What did Caroline's mother give Melanie last May? May 2022");
	assert_int_equal(q.from_ms, INT64_C(1651363200000));
	assert_int_equal(q.until_ms, INT64_C(1654041600000));
}

static void a_name_alone_stays(void **state)
{
	static const char *const speakers[] = {"Caroline"};
	struct ctx              *cx = *state;
	struct index_query       q;

	index_query_of(cx, "Caroline?", speakers, 1, NOW, &q);
	assert_string_equal(q.topic, "Caroline?");
	index_query_of(cx, "Carolines car", speakers, 1, NOW, &q);
	assert_int_equal(q.named_n, 0);
	assert_int_equal(q.until_ms, 0);
}

static int start(void **state)
{
	json_start();
	return unit_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_words, start, unit_teardown),
		cmocka_unit_test_setup_teardown(long_words_are_cut, start, unit_teardown),
		cmocka_unit_test_setup_teardown(the_rest_is_in_pieces, start, unit_teardown),
		cmocka_unit_test_setup_teardown(pieces_are_few, start, unit_teardown),
		cmocka_unit_test_setup_teardown(pieces_tell_no_contact, start, unit_teardown),
		cmocka_unit_test_setup_teardown(a_summary_makes_a_piece_too, start, unit_teardown),
		cmocka_unit_test_setup_teardown(borders_halve_no_number, start, unit_teardown),
		cmocka_unit_test_setup_teardown(knows_what_asks_about_now, start, unit_teardown),
		cmocka_unit_test_setup_teardown(takes_names_out_of_the_topic, start, unit_teardown),
		cmocka_unit_test_setup_teardown(a_name_alone_stays, start, unit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
