/* test_responder.c -- whole conversations with the built-in responder, and what it never does. */
#include "../../common/domain/talk/responder.h"

#include "unit.h"
#include "meaning.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"
#include "../../common/base/utf8.h"
#include "../../common/domain/lead/rule_extract.h"
#include "../../common/domain/talk/responder_lines.h"
#include "../../common/domain/talk/care.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/domain/text/sentence.h"
#include "../../common/engines/distress.h"

enum { TURNS_MAX = 12 };

static int start(void **state)
{
	const struct cfg_group *const groups[] = {&distress_settings};

	(void)state;
	crypto_start();
	json_start();
	assert_int_equal(cfg_load(groups, COUNT(groups)), 0);
	return meaning_start();
}

struct dialogue {
	const char *mode;
	bool        is_performer;
	const char *memory;
	struct {
		const char *said, *has,
			*has_not; /* what the reply must and must not contain; NULL: anything */
	} turns[TURNS_MAX];
};

static const struct dialogue dialogues[] = {
#include "dialogues.h"
};

static size_t sentences_of(const char *text)
{
	struct span rest = span_of(text), one;
	size_t      n = 0;

	while (sentence_next(&rest, &one, true))
		n++;
	return n;
}

/* What holds for every reply, whatever was said. */
static void check_manners(size_t d, const char *said, const char *reply, bool is_performer)
{
	size_t n = sentences_of(reply);

	if (n < 1 || n > (is_performer ? 4 : 3))
		fail_msg("dialogue %zu: %zu sentences: %s", d, n, reply);
	if (!utf8_is_valid(span_of(reply)) || strpbrk(reply, "{}<>*#`\n") || strlen(reply) > 400)
		fail_msg("dialogue %zu: not for the ear: %s", d, reply);
	if (strlen(said) > 60 && strcasestr(reply, said))
		fail_msg("dialogue %zu: parrots: %s", d, reply);
}

/* As agent_reply does: read once, and distress lasts until the visitor turns to other things. */
static const char *reply_of(struct ctx *cx, const struct prompt *prompt, const struct prompt_in *in,
                            size_t *in_distress)
{
	struct act_words       words = act_words_of(cx, span_of(in->message));
	struct rule_told       told;
	size_t                 talk_n;
	const struct exchange *talk =
		reading_talk(cx, in->history, in->history_n, in->message, &talk_n);
	struct reading reading = {
		.act = acts_read(cx, &words, NULL, NULL, true),
		.is_foreign = act_is_foreign(&words),
		.language = reading_language(cx, &words, in->history, in->history_n),
	};

	reading.distress_line = distress_line(reading.language);
	if (!*in_distress && !words.is_danger) {
		rule_extract_on(cx, NULL, talk, talk_n, &told);
		reading.told = &told;
	}
	reading.is_in_distress = care_is_needed(cx, reading.act, span_of(in->message), *in_distress);
	*in_distress = reading.is_in_distress ? *in_distress + 1 : 0;
	return responder_reply(cx, prompt->messages, prompt->n, in->mode, &reading);
}

static void run(struct ctx *cx, size_t d, const struct dialogue *talk)
{
	size_t                in_distress = 0, again;
	struct utterance_text history[2 * TURNS_MAX];
	struct prompt_memory  memory = {talk->memory, "2026-05-02", NULL};
	enum mode             mode = MODE_DEFAULT;
	const char           *last = "";
	size_t                n = 0;

	assert_true(mode_find(talk->mode, &mode));
	for (size_t i = 0; i < TURNS_MAX && talk->turns[i].said; i++) {
		const char        *said = talk->turns[i].said, *reply;
		const char        *texts[] = {talk->memory};
		struct dynamics    dynamics;
		struct dynamics_in judged = {.message = span_of(said),
		                             .message_index = (unsigned)i + 1,
		                             .memories = texts,
		                             .memories_n = talk->memory ? 1 : 0,
		                             .random_percent = 50};
		struct span        message = span_of(said);
		struct prompt_in   in = {.mode = mode,
		                         .is_performer = talk->is_performer,
		                         .is_nudge = prompt_strip_nudge(&message),
		                         .dynamics = &dynamics,
		                         .memories = &memory,
		                         .memories_n = judged.memories_n,
		                         .history = history,
		                         .history_n = n,
		                         .message = said,
		                         .budget_tokens = PROMPT_BUDGET_TOKENS};
		struct prompt      prompt;

		dynamics_judge(&judged, &dynamics);
		prompt_build(cx->arena, &in, &prompt);
		again = in_distress;
		reply = reply_of(cx, &prompt, &in, &in_distress);
		check_manners(d, said, reply, talk->is_performer);
		if (str_equal(reply, last))
			fail_msg("dialogue %zu repeats: %s", d, reply);
		if (talk->turns[i].has && !strcasestr(reply, talk->turns[i].has))
			fail_msg("dialogue %zu turn %zu: no \"%s\" in: %s", d, i, talk->turns[i].has, reply);
		if (talk->turns[i].has_not && strcasestr(reply, talk->turns[i].has_not))
			fail_msg("dialogue %zu turn %zu: \"%s\" in: %s", d, i, talk->turns[i].has_not, reply);
		assert_string_equal(reply, reply_of(cx, &prompt, &in, &again));
		history[n++] = (struct utterance_text){.speaker = SPEAKER_VISITOR,
		                                       .text = said,
		                                       .is_in_distress = in_distress > 0};
		history[n++] = (struct utterance_text){.speaker = SPEAKER_AGENT,
		                                       .text = reply,
		                                       .is_in_distress = in_distress > 0};
		last = reply;
	}
}

static void converses(void **state)
{
	for (size_t d = 0; d < COUNT(dialogues); d++)
		run(*state, d, &dialogues[d]);
}

/* Ten times the same: ten lines, where that is done often. */
static void says_nothing_twice(void **state)
{
	static const enum act often[] = {ACT_statement,  ACT_question, ACT_orders,
	                                 ACT_small_talk, ACT_yes,      ACT_no};
	enum { TIMES = 9 };
	struct ctx *cx = *state;

	for (size_t k = 0; k < COUNT(often); k++) {
		const struct reading reading = {.act = often[k], .distress_line = "x"};
		struct chat_message  messages[2 * TIMES];

		for (size_t i = 0; i < TIMES; i++) {
			const char *reply;

			messages[2 * i] = (struct chat_message){CHAT_USER, "It is as it is, they say."};
			reply = responder_reply(cx, messages, 2 * i + 1, MODE_PROFESSIONAL, &reading);
			for (size_t j = 0; j < i; j++)
				if (str_equal(messages[2 * j + 1].content, reply))
					fail_msg("%s: %zu and %zu: %s", act_name(often[k]), j, i, reply);
			messages[2 * i + 1] = (struct chat_message){CHAT_ASSISTANT, reply};
		}
	}
}

/* Any text, any mode: a reply that is fit to be spoken. */
static void survives_anything(void **state)
{
	static const char *const parts[] = {
		"I'm ", "a ",  "$",     "€",      "at ", "Dana ", "5",   "k ", "? ",
		"our ", "of ", "next ", "month ", "é",   "你好",  "🎉",   "{",  "<",
		"next", ".",   "for ",  "ing ",   "by ", "'",     "’s ", "@",  "save_extract",
	};
	static const struct reading plain = {.act = ACT_statement, .distress_line = "x"};
	struct ctx                 *cx = *state;
	unsigned                    seed = 1;

	for (size_t i = 0; i < 3000; i++) {
		struct buf          b = buf_new(cx->arena, 0);
		struct chat_message message = {CHAT_USER, NULL};
		const char         *reply;

		for (size_t k = 0; k < 1 + i % 40; k++) {
			seed = seed * 1103515245u + 12345u;
			buf_str(&b, parts[(seed >> 16) % COUNT(parts)]);
		}
		message.content = buf_text(&b);
		reply = responder_reply(cx, &message, 1, (enum mode)(i % 7), &plain);
		check_manners(i, message.content, reply, true);
		arena_reset(cx->arena);
	}
}

static void bounds_its_work(void **state)
{
	enum { N = 400 };
	static struct chat_message  messages[N];
	static const struct reading plain = {.act = ACT_statement, .distress_line = "x"};
	struct ctx                 *cx = *state;
	struct buf                  b = buf_new(cx->arena, 0);
	const char                 *reply;

	while (b.len < 8000)
		buf_str(&b, "I'm at our big $5 problem by next week for ");
	for (size_t i = 0; i < N; i++)
		messages[i] = (struct chat_message){i % 2 ? CHAT_ASSISTANT : CHAT_USER, buf_text(&b)};
	messages[N - 1].role = CHAT_USER;
	reply = responder_reply(cx, messages, N, MODE_MENTOR, &plain);
	check_manners(0, buf_text(&b), reply, false);
	assert_true(strlen(responder_reply(cx, NULL, 0, MODE_WILLIAM, &plain)) > 0);
}

struct pieces_heard {
	struct buf text;
	size_t     pieces, stop_after;
};

static bool hear_piece(struct span piece, void *data)
{
	struct pieces_heard *heard = data;

	buf_add(&heard->text, piece.ptr, piece.len);
	return ++heard->pieces != heard->stop_after;
}

/* A question is worth asking only where its answer is understood. */
static void asks_what_it_understands(void **state)
{
	static const struct {
		enum slot   slot;
		const char *answer;
		enum entity entity;
	} asked[] = {
		{SLOT_NAME, "Rachel Goldstein", ENTITY_person_name},
		{SLOT_WORK, "Northwind", ENTITY_org_name},
		{SLOT_PROBLEM, "Our search is slow.", ENTITY_use_case},
		{SLOT_TIMELINE, "by the end of March", ENTITY_timeline},
		{SLOT_BUDGET, "forty thousand", ENTITY_budget_range},
		{SLOT_CONTACT, "dana at northwind dot com", ENTITY_contact_email},
	};

	for (enum mode mode = MODE_WILLIAM; mode <= MODE_INTERVIEWER; mode++)
		for (size_t i = 0; i < 2 * COUNT(asked); i++) {
			const char           *ways[LINES_MAX + 1], *question;
			struct exchange       talk;
			const struct extract *x;

			assert_int_equal(lines_asking(asked[i / 2].slot, mode, ways), 2);
			question = ways[i % 2];
			talk = (struct exchange){span_of(question), span_of(asked[i / 2].answer)};
			x = rule_extract(*state, &talk, 1);
			if (!x || !x->entities.text[asked[i / 2].entity])
				fail_msg("%s: %s is not understood", question, asked[i / 2].answer);
		}
}

static void serves_as_an_engine(void **state)
{
	const struct chat_message messages[] = {{CHAT_USER, "Hello, I'm Dana."}};
	struct ctx               *cx = *state;
	struct pieces_heard       heard = {.text = buf_new(cx->arena, 0)};
	struct chat_order         order = {.messages = messages, .n = 1, .mode = "mentor"};
	struct chat_reply         reply;
	struct err               *e;

	order.on_text = hear_piece;
	order.data = &heard;
	assert_null(builtin_llm.complete(cx, &order, &reply));
	assert_string_equal(buf_text(&heard.text), reply.text);
	assert_int_equal(heard.pieces, sentences_of(reply.text));
	assert_int_equal(reply.usage.completion_tokens, 0);
	heard = (struct pieces_heard){.text = buf_new(cx->arena, 0), .stop_after = 1};
	assert_null(builtin_llm.complete(cx, &order, &reply));
	assert_int_equal(heard.pieces, 1);
	order.schema_name = "extract";
	e = builtin_llm.complete(cx, &order, &reply);
	assert_non_null(e);
	assert_int_equal(e->kind, ERR_UPSTREAM_REJECTED);
	assert_true(builtin_llm.p.is_local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(converses),
		UNIT_TEST(survives_anything),
		UNIT_TEST(says_nothing_twice),
		UNIT_TEST(bounds_its_work),
		UNIT_TEST(asks_what_it_understands),
		UNIT_TEST(serves_as_an_engine),
	};

	return cmocka_run_group_tests(tests, start, meaning_stop);
}
