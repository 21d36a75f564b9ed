/* test_spoken_text.c -- what is for the ear, and what is not. */
#include "../../common/domain/voice/spoken_text.h"

#include "../../common/base/str.h"
#include "../../common/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

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

/* Commands joined with '|'. */
static const char *joined(struct arena *a, const struct spoken *s)
{
	struct buf b = buf_new(a, 0);

	for (size_t i = 0; i < s->debug_commands_n; i++) {
		if (i)
			buf_char(&b, '|');
		buf_str(&b, s->debug_commands[i]);
	}
	return buf_text(&b);
}

static const struct {
	const char *in, *text, *commands;
} cleaned[] = {
	{"Hello there.", "Hello there.", ""},
	{"  Hello \n\n there\t. ", "Hello there .", ""},
	{"Thanks, Dana. save_extract{\"a\":{\"b\":\"}\"}} Bye.", "Thanks, Dana. Bye.",
     "save_extract{\"a\":{\"b\":\"}\"}}"},
	{"Thanks save_extract{x}.", "Thanks.", "save_extract{x}"},
	{"Save_extract: intent is consulting. Great to meet you.", "Great to meet you.",
     "Save_extract: intent is consulting."},
	{"Hi. Save_extract: score 3.5 high", "Hi.", "Save_extract: score 3.5 high"},
	{"Save_extract: {\"a\": 1}. Thanks.", "Thanks.", "Save_extract: {\"a\": 1}"},
	{"save_extract({\"a\": [1, 2]}) Sure.", "Sure.", "save_extract({\"a\": [1, 2]})"},
	{"Sure. <function=save_extract>{\"a\":1}</function> Ok.", "Sure. Ok.",
     "<function=save_extract>{\"a\":1}</function>"},
	{"Sure. <function=save_extract>{\"a\":1} Ok.", "Sure. Ok.", "<function=save_extract>{\"a\":1}"},
	{"Sure. <function=save_extract{\"a\":1}", "Sure.", "<function=save_extract{\"a\":1}"},
	{"A ```json\n{\"name\":\"x\"}\n``` B", "A B", "```json\n{\"name\":\"x\"}\n```"},
	{"A ```tool_call\nx\n```", "A", "```tool_call\nx\n```"},
	{"Use ```make``` now", "Use make now", ""},
	{"Ok [TOOL_CALL: save {\"a\": 1}] then", "Ok then", "[TOOL_CALL: save {\"a\": 1}]"},
	{"Ok [TOOL_CALL] {\"a\": 1} [/TOOL_CALL] then", "Ok then",
     "[TOOL_CALL] {\"a\": 1} [/TOOL_CALL]"},
	{"I noted {\"intent\": \"x\"} that.", "I noted that.", "{\"intent\": \"x\"}"},
	{"save_extract{\"open\": \"never closed. Hello", "",
     "save_extract{\"open\": \"never closed. Hello"},
	{"save_extract{a: 5\" pipe} Hi \"you\".", "Hi \"you\".", "save_extract{a: 5\" pipe}"},
	{"<think>secret plan</think>The answer.", "The answer.", ""},
	{"my_save_extract is a name", "my_save_extract is a name", ""},
	{"I like save_extract as a name", "I like save_extract as a name", ""},
	{"**Bold** and *it* and __u__ and _v_ and `code`", "Bold and it and u and v and code", ""},
	{"***both***", "both", ""},
	{"# Title\nText", "Title Text", ""},
	{"- one\n* two\n> three\n---\nfour", "one two three four", ""},
	{"See [our site](https://x.y/z) now ![pic](a.png)", "See our site now pic", ""},
	{"5 * 3 and snake_case stay", "5 * 3 and snake_case stay", ""},
	{"#1 in the market, C# too", "#1 in the market, C# too", ""},
	{"-5 degrees - cold", "-5 degrees - cold", ""},
	{"ze\u200bro\u2060 wi\ufeffdth\u00ad", "zero width", ""},
	{"Nice 🎉! Ok 👍🏽.", "Nice! Ok.", ""},
	{"*smiles warmly* Hello (laughs) there.", "Hello there.", ""},
	{"(well) then", "(well) then", ""},
	{"Hello [pause:1] world[pause:2s].", "Hello world", ""},
	{"[pause:1][pause:2]", "", ""},
	{"\u200b", "", ""},
	{"... !? — 🎉", "", ""},
	{"日本語です。", "日本語です。", ""},
	{"[bracket] stays", "[bracket] stays", ""},
	{"{curly} stays", "{curly} stays", ""},
	/* Tags and entities. */
	{"<p>Hello</p><br/>What do you sell?", "Hello What do you sell?", ""},
	{"Q&amp;A is free. Don&#39;t worry.", "Q&A is free. Don't worry.", ""},
	{"<speak>Hello <break time=\"1s\"/> there.</speak>", "Hello there.", ""},
	{"<b>Hel</b>lo <EM>you</EM>, <span class=\"x\">ok</span>.", "Hello you, ok.", ""},
	{"<ul><li>One</li><li>Two</li></ul><!-- note -->Three", "One Two Three", ""},
	{"<prosody rate='slow'>So</prosody> <say-as interpret-as=\"date\">May 3</say-as>.", "So May 3.",
     ""},
	{"a < b and c > d, x<y and y>z", "a < b and c > d, x<y and y>z", ""},
	{"Caf&eacute;&nbsp;&mdash; 5 &lt; 6 &#x20AC;&euro; &Uuml;ber &nosuch; AT&T; &#0; &#xd800;",
     "Café — 5 < 6 €€ Über &nosuch; AT&T; &#0; &#xd800;", ""},
	{"&lt;think&gt; is a tag, 5 \\* 3 \\_a\\_", "<think> is a tag, 5 * 3 _a_", ""},
	/* Directions by form, and what only looks like one. */
	{"*takes a deep breath* I see. What hurts most?", "I see. What hurts most?", ""},
	{"*adjusts glasses* I see.", "I see.", ""},
	{"(warmly) I see.", "I see.", ""},
	{"[thoughtful pause] I see.", "I see.", ""},
	{"[pause 2s] I see. <pause> Go on.", "I see. Go on.", ""},
	{"_tilts head_ Right. **chuckles** So. (with a smile) Yes. [warm tone] Well.",
     "Right. So. Yes. Well.", ""},
	{"Hmm, *rubs chin* that is hard. Ok (sighs) then *nods*.", "Hmm, that is hard. Ok then.", ""},
	{"*lächelt* Gerne. *Takes a breath.* Now. (clears throat) Good", "Gerne. Now. Good", ""},
	{"I see. *scribbles notes*\n(softly)\nGo on.", "I see. Go on.", ""},
	{"*really* good. We *really* do. *Important* Things. **note** This.",
     "really good. We really do. Important Things. note This.", ""},
	{"(Like this.) And (mostly) that. (555) 123 [bracket] (a.k.a. Bob) stays.",
     "(Like this.) And (mostly) that. (555) 123 [bracket] (a.k.a. Bob) stays.", ""},
	{"Hmm, *sometimes we win* but. We have *lots of work* to do.",
     "Hmm, sometimes we win but. We have lots of work to do.", ""},
	{"{{pause}} I see. [silence 2s] So. {pause: 1s}[[pause]] Well.", "I see. So. Well.", ""},
	{"[link](http://x.y) Here. [one](x) [two](y) *[three](z)*", "link Here. one two three", ""},
	{"<function_calls><invoke name=\"f\">{}</invoke></function_calls>Sure.", "Sure.",
     "<function_calls><invoke name=\"f\">{}</invoke></function_calls>"},
	{"Press pause (the button) and paused videos stay.",
     "Press pause (the button) and paused videos stay.", ""},
	/* Lists, tables, citations. */
	{"| Plan | Price |\n|:-----|------:|\n| A | $10 |\nWhich one?", "Plan Price A $10 Which one?",
     ""},
	{"+---+---+\n| a | b |\n+===+===+\n", "a b", ""},
	{"Two:\n1. Search\n2. Chat\n3) Voice\n• more\n– last\n- [x] done\n* [ ] open",
     "Two: Search Chat Voice more last done open", ""},
	{"3. Mai ist gut.\n2024. That year.", "3. Mai ist gut. 2024. That year.", ""},
	{"1. Only one.", "1. Only one.", ""},
	{"It works[1]. Fast.[2][3] Yes [4, 5]. So【4:0†source】. Note[^6] it.",
     "It works. Fast. Yes. So. Note it.", ""},
	{"Press [1] for sales. 【重要】です", "Press [1] for sales. 【重要】です", ""},
	{"* * *\nDone\n___\n", "Done", ""},
	{"", "", ""},
};

static void cleans(void **state)
{
	struct spoken s;

	for (size_t i = 0; i < COUNT(cleaned); i++) {
		spoken_text_clean(*state, span_of(cleaned[i].in), &s);
		if (!str_equal(s.text, cleaned[i].text))
			fail_msg("case %zu: \"%s\" became \"%s\"", i, cleaned[i].in, s.text);
		if (!str_equal(joined(*state, &s), cleaned[i].commands))
			fail_msg("case %zu: commands \"%s\"", i, joined(*state, &s));
		assert_int_equal(s.is_speakable, cleaned[i].text[0] != '\0');
	}
}

static void measures_pauses(void **state)
{
	static const struct {
		const char *marker;
		unsigned    ms;
	} cases[] = {
		{"[pause:1]", 1000},
		{"[pause:2s]", 2000},
		{"[pause:0.5]", 500},
		{"[pause:.25s]", 250},
		{"[pause: 1.5 s]", 1500},
		{"[PAUSE:1]", 1000},
		{"[pause:500ms]", 500},
		{"[pause:10]", 3000},
		{"[pause:99999999999]", 3000},
		{"[pause]", 500},
		{"[pause:3s]", 3000},
		{"[pause 2s]", 2000},
		{"[pause=1.5s]", 1500},
		{"[2 second pause]", 2000},
		{"<pause>", 500},
		{"<pause 250ms>", 250},
		{"<break time=\"1.5s\"/>", 1500},
		{"<break/>", 500},
		{"(pause)", 500},
		{"(long pause)", 500},
		{"*pauses*", 500},
		{"[short pause]", 500},
		{"[beat]", 500},
	};
	struct spoken s;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = arena_printf(*state, "One %s two", cases[i].marker);

		spoken_text_clean(*state, span_of(text), &s);
		assert_string_equal(s.text, "One two");
		assert_int_equal(s.pieces_n, 2);
		assert_string_equal(s.pieces[0].text, "One");
		if (s.pieces[0].pause_ms != cases[i].ms)
			fail_msg("case %zu: %u ms", i, s.pieces[0].pause_ms);
		assert_string_equal(s.pieces[1].text, "two");
		assert_int_equal(s.pieces[1].pause_ms, 0);
	}
	spoken_text_clean(*state, SPAN("One [pause:0] two [pause:x] three"), &s);
	assert_int_equal(s.pieces_n, 1);
	assert_string_equal(s.pieces[0].text, "One two three");
	spoken_text_clean(*state, SPAN("[pause:1]One[pause:2][pause:2]"), &s);
	assert_int_equal(s.pieces_n, 3);
	assert_string_equal(s.pieces[0].text, "");
	assert_string_equal(s.pieces[2].text, "");
	assert_int_equal(s.pieces[2].pause_ms, 2000);
}

static void bounds_pieces(void **state)
{
	struct buf    b = buf_new(*state, 0);
	struct spoken s;

	for (size_t i = 0; i < 300; i++)
		buf_str(&b, "word[pause:9] ");
	spoken_text_clean(*state, buf_span(&b), &s);
	assert_int_equal(s.pieces_n, SPEECH_PIECES_MAX);
	assert_int_equal(strlen(s.text), 300 * 5 - 1);
	assert_int_equal(strlen(s.pieces[SPEECH_PIECES_MAX - 1].text), (300 - 63) * 5 - 1);
}

/* 200 kB of what looks worst to each matcher ends at once or not in this test's life. */
static void stays_linear(void **state)
{
	static const char *const bad[] = {
		"save_extract{\"",
		"_{}",
		"{\"}",
		"<function=a>{}",
		"{\"",
		"```json",
		"[TOOL_CALL",
		"[a](",
		"*",
		"[pause:",
		"(",
		"save_extract:",
		"<think>",
		"{\"a\":[{",
		"_a_",
		"![",
		"save_extract{\"}",
		"<a ",
		"<!--",
		"&",
		"1. \n",
		"**a",
		"[1",
		"|-",
		"(a b",
		"\n- - ",
	};
	struct spoken s;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf b = buf_new(*state, 0);

		while (b.len < 200000)
			buf_str(&b, bad[i]);
		spoken_text_clean(*state, buf_span(&b), &s);
		assert_true(utf8_is_valid(span_of(s.text)));
	}
}

static void makes_replies(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"\"Hello there. How are you?\"", "Hello there. How are you?"},
		{"“Hello.”", "Hello."},
		{"\"One\" and \"two\"", "\"One\" and \"two\""},
		{"Assistant: Hello.", "Hello."},
		{"Hello. [pause:1] save_extract{\"a\":1}", "Hello."},
		{"One. Two. Three. Four.", "One. Two. Three."},
		{"save_extract{\"a\":1}", ""},
		{"…", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = spoken_reply(*state, span_of(cases[i].in), 3, 800);

		if (!str_equal(text, cases[i].out))
			fail_msg("case %zu: \"%s\"", i, text);
	}
	assert_string_equal(spoken_reply(*state, SPAN("One two three. Four."), 3, 8), "One two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cleans, setup, teardown),
		cmocka_unit_test_setup_teardown(measures_pauses, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(stays_linear, setup, teardown),
		cmocka_unit_test_setup_teardown(makes_replies, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
