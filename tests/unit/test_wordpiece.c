/* test_wordpiece.c -- text becomes the numbers BERT's own tokenizer gives. */
#include "unit.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/engines/wordpiece.h"

#define VOCABULARY \
	"{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2," \
	"\"[SEP]\":3,\"un\":4,\"##aff\":5,\"##able\":6,\"cafe\":7,\"!\":8,\"[\":9,\"]\":10," \
	"\"sep\":11,\"\\u6771\":12,\"\\u1112\":13,\"##\\u1161\":14,\"##\\u11ab\":15,\"a\":16," \
	"\"##a\":17,\"hello\":18,\"$\":19,\"\\u201c\":20,\"##\\u0ac7\":21,\"?\":22}}}"

static const struct wordpiece *vocabulary(struct ctx *cx)
{
	const struct wordpiece *w;

	json_start();
	assert_ok(wordpiece_read(cx, SPAN(VOCABULARY), cx->arena, &w));
	return w;
}

/* The ids as text, "2 4 3". */
static const char *ids_of(struct ctx *cx, const char *text, size_t max)
{
	uint16_t   ids[300];
	size_t     n = wordpiece_ids(vocabulary(cx), span_of(text), ids, max);
	struct buf out = buf_new(cx->arena, 0);

	for (size_t i = 0; i < n; i++)
		buf_printf(&out, i ? " %d" : "%d", ids[i]);
	return buf_text(&out);
}

static void splits_as_bert_does(void **state)
{
	static const struct {
		const char *text, *ids;
	} cases[] = {
		{"", "2 3"},
		{"  \t\n ", "2 3"},
		{"unaffable", "2 4 5 6 3"},
		{"UNaffABLE unaffable", "2 4 5 6 4 5 6 3"},
		{"unaffablex hello", "2 1 18 3"}, /* unknown as a whole */
		{"Caf\u00e9 CAF\u00c9 cafe\u0301!", "2 7 7 7 8 3"},
		{"hello!hello", "2 18 8 18 3"},
		{"[SEP] [sep]", "2 9 11 10 9 11 10 3"},   /* words like any other */
		{"a\u6771a", "2 16 12 16 3"},             /* Chinese: a word each */
		{"\ud55c", "2 13 14 15 3"},               /* Korean: comes apart */
		{"hel\u200blo hel\u00adlo", "2 18 18 3"}, /* invisible: left out */
		{"hello\u00a0hello\u3000hello", "2 18 18 18 3"},
		{"hello\x01\x7f", "2 18 3"},
		{"$ \u201c", "2 19 20 3"},
		{"a\xef\xbf\xbd", "2 16 3"},
		{"\u037e", "2 1 3"}, /* Greek question mark is ";" */
		{"\u226e", "2 1 3"}, /* a "<" with a stroke, a word of its own */
		{"hello\u226ehello", "2 18 1 18 3"},
		{"\u0130\u0130", "2 1 3"},
		{"\xf0\x9f\x98\x80 hello", "2 1 18 3"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(ids_of(*state, cases[i].text, 300), cases[i].ids);
}

static void knows_no_word_of_more_than_100_characters(void **state)
{
	char        text[102];
	struct ctx *cx = *state;

	memset(text, 'a', sizeof(text) - 1);
	text[101] = '\0';
	assert_string_equal(ids_of(cx, text, 300), "2 1 3");
	text[100] = '\0';
	assert_int_equal(strlen(ids_of(cx, text, 300)), strlen("2 16 3") + 99 * strlen(" 17"));
}

static void cuts_between_its_marks(void **state)
{
	struct ctx *cx = *state;

	assert_string_equal(ids_of(cx, "unaffable hello", 4), "2 4 5 3");
	assert_string_equal(ids_of(cx, "unaffable hello", 6), "2 4 5 6 18 3");
	assert_string_equal(ids_of(cx, "unaffable hello", 2), "2 3");
}

static void survives_what_is_not_utf8(void **state)
{
	struct ctx *cx = *state;

	assert_non_null(ids_of(cx, "\xff\xfe\xf8\x80 \xc3 hello \xe2\x82", 300));
}

static void refuses_other_vocabularies(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"model\":{}}",
		"{\"model\":{\"vocab\":[]}}",
		"{\"model\":{\"vocab\":{}}}",
		"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1}}}",
		"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":3}}}",
		"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":1}}}",
		"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":\"2\"}}}",
		"{\"model\":{\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"[SEP]\":-1}}}",
	};
	const struct wordpiece *w;
	struct ctx             *cx = *state;

	json_start();
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_err(wordpiece_read(cx, span_of(texts[i]), cx->arena, &w), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(splits_as_bert_does),        UNIT_TEST(knows_no_word_of_more_than_100_characters),
		UNIT_TEST(cuts_between_its_marks),     UNIT_TEST(survives_what_is_not_utf8),
		UNIT_TEST(refuses_other_vocabularies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
