/* test_model_text.c -- the answer in a model's output, whole or in pieces. */
#include "unit.h"

#include "../../common/base/utf8.h"
#include "../../common/domain/voice/model_text.h"

static const struct {
	const char *output, *answer;
} cases[] = {
	/* Reasoning, in all that models wrap it in. */
	{"<think>secret</think>Hi.", "Hi."},
	{"See <https://scratch.mit.edu> for it. Call me.",
     "See <https://scratch.mit.edu> for it. Call me."},
	{"Write to <reason@acme.example>.", "Write to <reason@acme.example>."},
	{"<THINK>secret</THINK>Hi.", "Hi."},
	{"<reasoning>secret</reasoning>Hi.", "Hi."},
	{"<think time=\"3\">secret</think>Hi.", "Hi."},
	{"<Thinking depth='a b'>se < cr > et</Thinking >\n\nHi.", "Hi."},
	{"<scratchpad>secret</scratchpad>\nHi. <reflection>secret</reflection>Ok.", "Hi. Ok."},
	{"◁think▷secret◁/think▷Hi.", "Hi."},
	{"[THINK]secret[/THINK]Hi.", "Hi."},
	{"<|begin_of_thought|>secret<|end_of_thought|>Hi.", "Hi."},
	{"<|START_THINKING|>secret<|END_THINKING|><|START_RESPONSE|>Hi.<|END_RESPONSE|>", "Hi."},
	{"<seed:think>secret</seed:think>Hi.", "Hi."},
	{"<chain_of_thought>secret</chain_of_thought>Hi.", "Hi."},
	{"<internal_thoughts>secret</internal_thoughts>Hi.", "Hi."},
	{"<Reason>secret</Reason><answer>Hi.</answer>", "<answer>Hi.</answer>"},
	{"analysissecret.assistantfinalHi.", "Hi."},
	{"Hi.<think>secret", "Hi."},
	{"<think>secret", ""},
	{"<think>a <think> b</think> Hi.", "Hi."},
	{"<think>a<think>b</think>c</think>Hi.", "Hi."},
	/* Its beginning was in the prompt. */
	{"secret\n</think>\n\nHi.", "Hi."},
	{"secret ◁/think▷ Hi.", "Hi."},
	{"secret[/THINK]Hi.", "Hi."},
	{"secret</REASONING>Hi.", "Hi."},
	{"secret</think>", ""},
	{"<think>secret</think>Hi.</think>", "Hi."},
	{"<think>secret</think>Hi.</think></think>", "Hi."},
	{"secret</think><think>more</think>", ""},
	{"secret</think><think>more</think>Hi.", "Hi."},
	{"secret</think></think><think>more</think>", ""},
	{"<think>more</think>secret<|channel|>final<|message|>", ""},
	/* Channels and roles. */
	{"<|channel|>analysis<|message|>secret<|end|><|start|>assistant<|channel|>final<|message|>Hi.",
     "Hi."},
	{"<|start|>assistant<|channel|>final<|message|>Hi.<|return|>", "Hi."},
	{"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>Hi.", "Hi."},
	{"secret<|channel|>final<|message|>Hi.<|end|>", "Hi."},
	{"<|im_start|>assistant\nHi.<|im_end|>", "Hi."},
	{"<|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|>", "Hi."},
	{"<start_of_turn>model\nHi.<end_of_turn>", "Hi."},
	/* An end is an end. */
	{"Hi.<|eot_id|>", "Hi."},
	{"Hi.</s>", "Hi."},
	{"<s> Hi.</s><s>[INST] More?", "Hi."},
	{"Hi. [INST] More? [/INST]", "Hi. "},
	{"Hi.<|im_end|>\n<|im_start|>user\nWe sell shoes.", "Hi."},
	{"Hi.<|endoftext|>Human: more", "Hi."},
	{"Hi.<｜end▁of▁sentence｜>more", "Hi."},
	{"Hi.<|user|>\nmore", "Hi."},
	{"<|assistant|>\nHi.<eos>", "Hi."},
	{"Hi.<|start_header_id|>user<|end_header_id|>\n\nWe sell shoes.", "Hi."},
	/* What is only text. */
	{"a < b <te> <", "a < b <te> <"},
	{"<<think>x</think>y", "<y"},
	{"I think <p>so</p> [1] [X] <", "I think <p>so</p> [1] [X] <"},
	{"「◁」 ◁ left, â€ <｜", "「◁」 ◁ left, â€ <｜"},
	{"[thinking] I see. [TOOL_CALL: x]", "[thinking] I see. [TOOL_CALL: x]"},
	{"<|python_tag|>f()", "<|python_tag|>f()"},
	{"", ""},
};

static void finds_the_answer(void **state)
{
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span answer = model_text_of(cx->arena, span_of(cases[i].output));

		if (!span_equal(answer, span_of(cases[i].answer)))
			fail_msg("case %zu: \"%s\" became \"%.*s\"", i, cases[i].output, (int)answer.len,
			         answer.ptr);
	}
}

/* In pieces of each size, and nothing that was told as seen is ever half a character. */
static void reads_pieces(void **state)
{
	struct ctx *cx = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span whole = span_of(cases[i].output);

		for (size_t step = 1; step <= whole.len; step++) {
			struct model_text m = model_text_new(cx->arena, 0);
			struct span       left = whole;

			while (left.len) {
				struct span piece = utf8_prefix(left, step < 4 ? 4 : step);

				left = (struct span){left.ptr + piece.len, left.len - piece.len};
				model_text_feed(&m, piece);
				assert_true(utf8_is_valid(buf_span(&m.seen)));
			}
			model_text_end(&m);
			if (!span_equal(model_text_answer(&m), span_of(cases[i].answer)))
				fail_msg("case %zu in steps of %zu: \"%s\"", i, step, model_text_answer(&m).ptr);
		}
	}
}

/* Text before what can not be a mark is not held back. */
static void holds_back_marks_only(void **state)
{
	struct ctx       *cx = *state;
	struct model_text m = model_text_new(cx->arena, 0);

	model_text_feed(&m, SPAN("Is 3 < 4? <thi"));
	assert_string_equal(buf_text(&m.seen), "Is 3 < 4? ");
	model_text_feed(&m, SPAN("s"));
	model_text_feed(&m, SPAN("> is"));
	assert_string_equal(buf_text(&m.seen), "Is 3 < 4? <this> is");
}

static void stays_linear(void **state)
{
	static const char *const bad[] = {"<",    "<a ", "[",        "[A",       "◁",
	                                  "<｜▁", "<|x", " <|eot|>", "</think>", "x<think>"};
	struct ctx              *cx = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf b = buf_new(cx->arena, 0);

		while (b.len < 400000)
			buf_str(&b, bad[i]);
		assert_true(model_text_of(cx->arena, buf_span(&b)).len <= b.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(finds_the_answer),
		UNIT_TEST(reads_pieces),
		UNIT_TEST(holds_back_marks_only),
		UNIT_TEST(stays_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
