/* test_sentence.c -- sentences end where a speaker would stop. */
#include "../../common/base/str.h"
#include "../../common/domain/text/sentence.h"
#include "unit.h"

#define FILE_NAME "tests/data/sentences.tsv"
#define CASES_MIN 80

/* A text with the borders of its sentences, as spans of it. */
struct text_case {
	struct span text;
	struct span sentences[16];
	size_t      n, line;
	char        language[3];
};

static void add_sentence(struct text_case *c, struct buf *text, size_t from)
{
	if (c->n == COUNT(c->sentences))
		fail_msg("line %zu: too many sentences", c->line);
	c->sentences[c->n++] = (struct span){(const char *)from, text->len - from};
}

/* Offsets become spans when the text stays where it is. */
static void read_case(struct ctx *cx, struct span marked, struct text_case *c)
{
	struct buf text = buf_new(cx->arena, 0);
	size_t     from = 0;

	for (size_t i = 0; i < marked.len; i++) {
		bool is_line_end = marked.ptr[i] == '\\' && i + 1 < marked.len && marked.ptr[i + 1] == 'n';

		if (marked.ptr[i] == '|') {
			add_sentence(c, &text, from);
			from = text.len;
			continue;
		}
		buf_char(&text, is_line_end ? '\n' : marked.ptr[i]);
		i += is_line_end;
	}
	add_sentence(c, &text, from);
	c->text = buf_span(&text);
	for (size_t i = 0; i < c->n; i++)
		c->sentences[i] = span_trim(
			(struct span){c->text.ptr + (size_t)c->sentences[i].ptr, c->sentences[i].len});
}

/* Calls fn for each case of the file; how many there were. */
static size_t each_case(void (*fn)(struct ctx *cx, const struct text_case *c))
{
	char   line[1024];
	size_t n = 0, at = 0;
	FILE  *file = fopen(FILE_NAME, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct ctx       cx = {.arena = arena_new(4096)};
		struct text_case c = {.line = ++at};

		if (line[0] != '#') {
			assert_int_equal(line[2], '\t');
			memcpy(c.language, line, 2);
			read_case(&cx, (struct span){line + 3, strcspn(line + 3, "\n")}, &c);
			fn(&cx, &c);
			n++;
		}
		arena_free(&cx.arena);
	}
	fclose(file);
	return n;
}

static void check_sentence(const struct text_case *c, size_t i, struct span got, const char *how)
{
	if (i >= c->n || got.ptr != c->sentences[i].ptr || got.len != c->sentences[i].len)
		fail_msg("line %zu, %s, sentence %zu: \"%.*s\"", c->line, how, i + 1, (int)got.len,
		         got.ptr);
}

static void check_count(const struct text_case *c, size_t n, const char *how)
{
	if (n != c->n)
		fail_msg("line %zu, %s: %zu sentences", c->line, how, n);
}

static void split_whole(struct ctx *cx, const struct text_case *c)
{
	struct span rest = c->text, out;
	size_t      n = 0;

	(void)cx;
	while (sentence_next(&rest, &out, true))
		check_sentence(c, n++, out, "whole");
	check_count(c, n, "whole");
}

static void splits(void **state)
{
	(void)state;
	assert_true(each_case(split_whole) >= CASES_MIN);
}

/* ---- as it arrives ---- */

/* The end of the piece that begins there: not within a character. */
static size_t piece_end(struct span text, size_t at, size_t bytes)
{
	at = at + bytes < text.len ? at + bytes : text.len;
	while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
		at++;
	return at;
}

/* Arriving in pieces whose sizes `next` tells. */
static void split_arriving(const struct text_case *c, size_t (*next)(size_t step), size_t step)
{
	struct span rest = {c->text.ptr, 0}, out;
	size_t      n = 0, end = 0;
	char        how[32];

	snprintf(how, sizeof(how), "pieces of %zu", step);
	while (end < c->text.len) {
		end = piece_end(c->text, end, next(step));
		rest.len = (size_t)(c->text.ptr + end - rest.ptr);
		while (sentence_next(&rest, &out, false))
			check_sentence(c, n++, out, how);
	}
	while (sentence_next(&rest, &out, true))
		check_sentence(c, n++, out, how);
	check_count(c, n, how);
}

static size_t same(size_t step)
{
	return step;
}

/* The same numbers at each run. */
static size_t chance(size_t below)
{
	static uint64_t seed = 12;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % below;
}

static size_t random_piece(size_t step)
{
	(void)step;
	return 1 + chance(12);
}

static void split_in_pieces(struct ctx *cx, const struct text_case *c)
{
	(void)cx;
	for (size_t step = 1; step <= c->text.len; step++)
		split_arriving(c, same, step);
	for (int i = 0; i < 50; i++)
		split_arriving(c, random_piece, 0);
}

static void splits_the_same_however_it_arrives(void **state)
{
	(void)state;
	assert_true(each_case(split_in_pieces) >= CASES_MIN);
}

/* An end is known with eight characters behind it, whatever these and what follows are. */
static void decide_in_time(struct ctx *cx, const struct text_case *c)
{
	(void)cx;
	for (size_t i = 0; i < c->n; i++) {
		const char *end = c->sentences[i].ptr + c->sentences[i].len;
		struct span rest = {c->sentences[i].ptr, (size_t)(c->text.ptr + c->text.len - end)}, out;
		size_t      ahead = 0;

		for (int characters = 0; characters < 8 && ahead < rest.len; characters++)
			ahead = piece_end((struct span){end, rest.len}, ahead, 1);
		if (ahead == rest.len)
			continue;
		rest.len = c->sentences[i].len + ahead;
		if (!sentence_next(&rest, &out, false))
			fail_msg("line %zu, sentence %zu: not known yet", c->line, i + 1);
		check_sentence(c, i, out, "in time");
	}
}

static void knows_an_end_in_time(void **state)
{
	(void)state;
	assert_true(each_case(decide_in_time) >= CASES_MIN);
}

/* Any text at all: what hard texts are made of, in any order. */
static void splits_anything_the_same_however_it_arrives(void **state)
{
	static const char *const bits[] = {
		".",   ". ", "...",  "? ",   "!",    "…",    "。",         "\" ",     "\"",   "”",   ")",
		"\n",  " ",  "  ",   "I",    "I'm ", "The",  "the ",       "Dr",      "z. B", "usw", "Inc",
		"U.S", "3",  "29",   "am 3", "Mai",  "Sept", "September ", "example", ".com", "C'",  "est ",
		"ü",   "é",  "今日", "😀",    "a",    "B",    "Be ",        "no",      "Yes",  ",",   "'",
	};
	struct arena    *a = arena_new(4096);
	struct text_case c = {.line = 0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf  text = buf_new(a, 256);
		struct span rest, out;

		while (text.len < 60)
			buf_str(&text, bits[chance(COUNT(bits))]);
		c.text = rest = buf_span(&text);
		c.n = 0;
		while (c.n < COUNT(c.sentences) && sentence_next(&rest, &out, true))
			c.sentences[c.n++] = out;
		c.line++;
		if (c.n == COUNT(c.sentences))
			continue;
		split_arriving(&c, same, 1 + chance(9));
		split_arriving(&c, random_piece, 0);
		arena_reset(a);
	}
	arena_free(&a);
}

static void waits_no_longer_than_it_must(void **state)
{
	static const struct {
		const char *text;
		bool        is_known;
	} cases[] = {
		{"It costs $29.", false}, {"It costs $29. ", true}, {"Yes.", false},
		{"Yes.\n", true},         {"Yes. ", true},          {"Yes!", false},
		{"Yes! ", true},          {"Dr. ", false},          {"We have 3. T", true},
		{"We have 3. M", false},  {"It was one.T", false},  {"It was one.Two ", true},
		{"It is. N", true},       {"It is 3.5 m. ", false}, {"今日は。", false},
		{"今日は。元", true},     {"Acme Inc. The", false}, {"\"Yes.\"\n", true},
		{"Wait...\n", true},      {"At 5 p.m. \n", true},   {"Acme Inc. It'", false},
		{"Acme Inc. The ", true}, {"Acme Inc. and", false}, {"\"Why?\" ", false},
		{"\"Why?\" S", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span rest = span_of(cases[i].text), out;

		if (sentence_next(&rest, &out, false) != cases[i].is_known)
			fail_msg("\"%s\"", cases[i].text);
	}
}

/* ---- clauses ---- */

static void check_clause(const char *text, size_t max, const char *wanted)
{
	struct span whole = span_of(text), rest = whole, out;

	assert_true(sentence_clause(&rest, max, &out, true));
	if (!span_equal(out, span_of(wanted)))
		fail_msg("\"%.*s\"", (int)out.len, out.ptr);
	/* The same as it arrives, and no later than it must be. */
	for (size_t end = 1; end <= whole.len; end++) {
		rest = (struct span){text, end};
		if (end < whole.len && ((unsigned char)text[end] & 0xc0) == 0x80)
			continue;
		if (sentence_clause(&rest, max, &out, false)) {
			assert_true(span_equal(out, span_of(wanted)));
			return;
		}
		assert_true(end <= max + SENTENCE_AHEAD_BYTES);
	}
	assert_true(whole.len <= max + SENTENCE_AHEAD_BYTES);
}

static void takes_a_clause_first(void **state)
{
	static const char text[] = "That is a good question, because most of the teams we work with, "
							   "large or small, have asked it before they began; it is hard.";
	struct span       rest, out;

	(void)state;
	check_clause(text, 200, text);
	check_clause(text, 70, "That is a good question, because most of the teams we work with,");
	check_clause(text, 50, "That is a good question,");
	check_clause(text, 24, "That is a good question,");
	check_clause(text, 20, "That is a good");
	check_clause("I left the U.S. The end of it is not near, I think.", 15, "I left the U.S.");
	check_clause("Yes. That is a good question, because it is.", 20, "Yes.");
	check_clause("We have 1,000,000 things to do before it is over and done with all this.", 40,
	             "We have 1,000,000 things to do before");
	check_clause("We will look at the numbers of the year and then we will decide what to do.", 50,
	             "We will look at the numbers of the year");
	check_clause("Wir sehen uns die Zahlen an — das dauert eine Weile, aber es lohnt sich ja.", 45,
	             "Wir sehen uns die Zahlen an —");
	check_clause("Donaudampfschifffahrtsgesellschaft", 10, "Donaudampf");
	check_clause(
		"これは良い質問です、多くのチームが同じことを尋ねますから、始める前に考えましょう。", 48,
		"これは良い質問です、");
	rest = span_of(text);
	assert_true(sentence_clause(&rest, 50, &out, true));
	assert_true(sentence_next(&rest, &out, true));
	assert_true(span_starts(out, SPAN("because most")));
	assert_false(sentence_next(&rest, &out, true));
}

static void bounds_endless_text(void **state)
{
	char        text[5000];
	struct span rest, out;
	size_t      total = 0;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 50)
		text[i] = i < 2500 ? ' ' : 'a';
	rest = (struct span){text, sizeof(text)};
	while (sentence_next(&rest, &out, true)) {
		assert_in_range(out.len, 1, SENTENCE_BYTES_MAX);
		total += out.len;
	}
	assert_in_range(total, 4900, 5000);
}

static void cuts_at_sentences(void **state)
{
	struct span text = SPAN(" One here. Two here. Three here.");

	(void)state;
	assert_true(span_equal(sentence_prefix(text, 2, 800), SPAN("One here. Two here.")));
	assert_true(span_equal(sentence_prefix(text, 9, 25), SPAN("One here. Two here.")));
	assert_true(span_equal(sentence_prefix(text, 9, 6), SPAN("One")));
	assert_true(span_equal(sentence_prefix(SPAN("Donaudampfer"), 9, 5), SPAN("Donau")));
	assert_int_equal(sentence_prefix(SPAN("  "), 2, 10).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),
		cmocka_unit_test(splits_the_same_however_it_arrives),
		cmocka_unit_test(knows_an_end_in_time),
		cmocka_unit_test(splits_anything_the_same_however_it_arrives),
		cmocka_unit_test(waits_no_longer_than_it_must),
		cmocka_unit_test(takes_a_clause_first),
		cmocka_unit_test(bounds_endless_text),
		cmocka_unit_test(cuts_at_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
