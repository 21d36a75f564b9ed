/* test_reply_text.c -- a reply is cut into the same sentences however it arrives, and nothing is
 * shown of it that what follows takes back. */
#include "../../common/domain/voice/reply_text.h"
#include "../../common/domain/voice/spoken_text.h"

#include "../../common/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SENTENCES = 3, BYTES_MAX = 10000 };

static int setup(void **state)
{
	*state = arena_new(65536);
	return 0;
}

static int teardown(void **state)
{
	arena_free((struct arena **)state);
	return 0;
}

static const char *const replies[] = {
	"Hello there. How are you? Fine, I hope. And this is too much.",
	"Thanks, Dana. save_extract{\"a\":{\"b\":\"}. No.\"}} Bye. So long.",
	"Thanks save_extract{x}. Go on.",
	"Save_extract: intent is consulting. Great to meet you.",
	"Sure. Save_extract: score 3.5 high. Then more.",
	"save_extract({\"a\": [1, 2]}) Sure. Yes.",
	"Sure. <function=save_extract>{\"a\":\"One. Two.\"}</function> Ok.",
	"Sure. <function=save_extract>{\"a\":1} Ok. No.",
	"A word. ```json\n{\"name\":\"x. Y.\"}\n``` And more.",
	"Use ```make``` now. And `that`. Yes.",
	"Ok. [TOOL_CALL] {\"a\": \"B. C.\"} [/TOOL_CALL] Then more.",
	"I noted {\"intent\": \"x. Y\"} that. Good.",
	"Fine. save_extract{\"open\": \"never closed. Hello",
	"my_save_extract is a name. I like save_extract as a name. Yes.",
	"**Bold** and *it* and __u__. And _v_ and `code`. Done.",
	"***both***. And *that is so* good. Yes.",
	"# Title\nText. More of it.",
	"- one\n* two\n> three\n---\nfour. Five.",
	"1. First this.\n2. Then that.\n3. Done.",
	"1. Mai ist gut. Oder 2. Mai. Ja.",
	"See [our site. Yes](https://x.y/z) now ![pic](a.png). Then [one](x) [two](y).",
	"5 * 3 and snake_case stay. So does 2 < 3. And #1.",
	"ze\u200bro\u2060 wi\ufeffdth\u00ad. Nice \U0001f389! Ok \U0001f44d\U0001f3fd. Yes.",
	"*smiles warmly* Hello (laughs) there. *nods* (softly) Go on. *laughs*",
	"Hello [pause:1] world[pause:2s]. And [bracket] stays. {curly} too.",
	"日本語です。はい。そうです。四。",
	"<p>Hello</p><br/>What do you sell? Q&amp;A is free. Don&#39;t worry.",
	"a < b and c > d. Caf&eacute;&nbsp;&mdash; 5 &lt; 6. AT&T; &nosuch; it.",
	"Hmm, *rubs chin* that is hard. Ok (sighs) then *nods*. (Like this.) And (mostly) that.",
	"It is so [1]. And that [2, 3]. Source【4:0†source】. End.",
	"\"Hello there. How are you?\"",
	"“Hello. Yes.”",
	"\"One\" and \"two\". Three. Four.",
	"\"Quoted. Still quoted.\" She said so. And left.",
	"Assistant: Hello. I am here. Yes.",
	"AI is broad. Agents are narrow. Botany is else.",
	"It costs $29. Or $29.50, e.g. in May. Really?! Yes.",
	"Mr. Smith met Dr. Jones. They talked... a lot. Wait... What now?",
	"Wir nehmen z. B. den 3. Mai um ca. 15 Uhr. Passt das? Gut.",
	"El Sr. García vive en EE. UU. desde 2010. ¿Y usted? Sí.",
	"One line\n\nanother line\nthird line\nfourth",
	"No end here",
	"…",
	"Ends in a bracket (like this",
	"Ends with a star *like this. Or so. Really so.",
	"| a | b |\n|---|---|\n| c | d |",
	"Well (and I mean it (really) so) yes. *a (b* c) d. Fine.",
};

/* All that is given so far stands at the beginning of the text as it will be. */
static void assert_begins(size_t i, const struct buf *given, struct span begun, const char *whole)
{
	struct buf all = buf_new(given->arena, 0);

	buf_add(&all, buf_text(given), given->len);
	buf_add(&all, begun.ptr, begun.len);
	if (!span_starts(span_of(whole), buf_span(&all)))
		fail_msg("case %zu: \"%s\" does not begin with \"%s\"", i, whole, buf_text(&all));
}

static void take(size_t i, struct reply_text *r, struct buf *given, const char *all)
{
	struct span sentence;

	while (reply_text_next(r, &sentence))
		buf_add(given, sentence.ptr, sentence.len);
	assert_begins(i, given, reply_text_begun(r), all);
}

static size_t next_random(void)
{
	static uint32_t x = 12;

	x = x * 1664525 + 1013904223;
	return x >> 8;
}

/* In pieces of `step` characters; 0: of random length. */
static void arrives(struct arena *a, size_t i, size_t step, size_t first_bytes)
{
	struct span        text = span_of(replies[i]), rest = text;
	const char        *all = spoken_reply(a, text, 100, BYTES_MAX);
	const char        *whole = spoken_reply(a, text, SENTENCES, BYTES_MAX);
	struct reply_text *r = reply_text_new(a, SENTENCES, first_bytes);
	struct buf         given = buf_new(a, 0);

	while (rest.len) {
		const char *from = rest.ptr;
		size_t      n = step ? step : 1 + next_random() % 9;

		while (n-- && rest.len)
			utf8_next(&rest);
		reply_text_add(r, (struct span){from, (size_t)(rest.ptr - from)});
		reply_text_read(r);
		take(i, r, &given, all);
	}
	reply_text_end(r, whole);
	take(i, r, &given, whole);
	if (!str_equal(buf_text(&given), whole))
		fail_msg("case %zu by %zu: \"%s\" instead of \"%s\"", i, step, buf_text(&given), whole);
}

static void is_the_same_in_pieces(void **state)
{
	for (size_t i = 0; i < COUNT(replies); i++) {
		for (size_t step = 1; step < 16; step++) {
			arrives(*state, i, step, 0);
			arrives(*state, i, step, 12);
		}
		for (int n = 0; n < 20; n++)
			arrives(*state, i, 0, 0);
		arrives(*state, i, 1000, 0);
	}
}

/* What is asked for is speed, too: a sentence is given when its end is sure, words as they come. */
static void gives_at_once(void **state)
{
	static const struct {
		const char *arrived, *given, *begun;
	} cases[] = {
		{"Hello there. How", "Hello there.", ""},
		{"Hello there. How are", "Hello there.", " How"},
		{"Hello there.", "", "Hello there."},
		{"Hello there, my dear ", "", "Hello there, my dear"},
		{"One. Two. Three. Four. Five ", "One. Two. Three.", ""},
		{"Great. save_extract{\"a\":1", "Great.", ""},
		{"So (as we say) it is. Then ", "So (as we say) it is.", " Then"},
		{"It is **very good** so. Then we", "It is very good so.", " Then"},
		{"\"Hello there. How", "", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply_text *r = reply_text_new(*state, SENTENCES, 0);
		struct buf         given = buf_new(*state, 0);
		struct span        one;

		reply_text_add(r, span_of(cases[i].arrived));
		reply_text_read(r);
		while (reply_text_next(r, &one))
			buf_add(&given, one.ptr, one.len);
		if (!str_equal(buf_text(&given), cases[i].given) ||
		    !span_equal(reply_text_begun(r), span_of(cases[i].begun)))
			fail_msg("case %zu: \"%s\" and \"%.*s\"", i, buf_text(&given),
			         (int)reply_text_begun(r).len, reply_text_begun(r).ptr);
	}
}

/* Of a first sentence that runs long its first clause; it counts as none, all come behind it. */
static void begins_with_a_clause(void **state)
{
	static const char text[] =
		"If you want to see it from the side of a guest, who knows nothing of "
		"it all, then begin at the door. Yes. And go in. No more.";
	static const char *const wanted[] = {
		"If you want to see it from the side of a guest,",
		" who knows nothing of it all, then begin at the door.",
		" Yes.",
		" And go in.",
	};
	struct reply_text *r = reply_text_new(*state, SENTENCES, 60);
	struct span        one;
	size_t             n = 0;

	for (const char *p = text; *p; p++) {
		reply_text_add(r, (struct span){p, 1});
		reply_text_read(r);
		while (reply_text_next(r, &one)) {
			assert_true(n < COUNT(wanted));
			assert_string_equal(one.ptr, wanted[n++]);
			assert_true(n > 1 || p < text + 115);
		}
	}
	assert_int_equal(n, COUNT(wanted));
}

/* Reasoning whose beginning nobody saw was taken for the answer; the answer comes all the same. */
static void goes_on_with_another_text(void **state)
{
	struct reply_text *r = reply_text_new(*state, SENTENCES, 0);
	struct buf         given = buf_new(*state, 0);
	struct span        one;

	reply_text_add(r, SPAN("The user greets me. I greet back"));
	reply_text_read(r);
	while (reply_text_next(r, &one))
		buf_add(&given, one.ptr, one.len);
	reply_text_end(r, "Hello. What is new?");
	while (reply_text_next(r, &one))
		buf_add(&given, one.ptr, one.len);
	assert_string_equal(buf_text(&given), "The user greets me. Hello. What is new?");
}

static void drops_what_has_no_end(void **state)
{
	struct reply_text *r = reply_text_new(*state, SENTENCES, 0);
	struct span        one;

	reply_text_add(r, SPAN("It is so. But then "));
	reply_text_read(r);
	assert_true(reply_text_next(r, &one));
	reply_text_end(r, "");
	assert_false(reply_text_next(r, &one));
	assert_int_equal(reply_text_begun(r).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_the_same_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(gives_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(begins_with_a_clause, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_on_with_another_text, setup, teardown),
		cmocka_unit_test_setup_teardown(drops_what_has_no_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
