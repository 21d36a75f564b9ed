/* test_talk.c -- the built-in responder in conversations of tests/data/talk.jsonl: what it does and
 * says to each message as a turn of agent_reply would have it, with the acts told by meaning.
 *
 * "says" holds for each turn a piece that its reply must have, "" for any. */
#include "unit.h"
#include "meaning.h"

#include "../../common/base/json_in.h"
#include "../../common/domain/talk/care.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/domain/talk/responder.h"

enum { LINE_BYTES = 16384, TURNS_MAX = 40, CONVERSATIONS_MIN = 13 };

static int start(void **state)
{
	(void)state;
	crypto_start();
	json_start();
	return meaning_start();
}

struct play {
	struct ctx           *cx;
	enum mode             mode;
	struct utterance_text history[2 * TURNS_MAX];
	size_t                n;
	const struct extract *known;
	enum act              acts[TURNS_MAX]; /* the same in all manners: told once */
	bool                  are_told;
	struct reading        reading;
};

static void read_turn(struct play *p, const char *said, struct rule_told *told)
{
	struct act_words       words = act_words_of(p->cx, span_of(said));
	enum act              *act = &p->acts[p->n / 2];
	size_t                 talk_n;
	const struct exchange *talk = reading_talk(p->cx, p->history, p->n, said, &talk_n);
	bool                   lasts;

	words.language = reading_language(p->cx, &words, p->history, p->n);
	p->cx->deadline = deadline_in(60000);
	if (!p->are_told)
		*act = acts_read(p->cx, &words, NULL, NULL, true);
	rule_extract_on(p->cx, p->known, talk, talk_n, told);
	lasts = care_is_needed(p->cx, *act, span_of(said), care_messages(p->history, p->n));
	p->reading = (struct reading){.act = *act,
	                              .is_in_distress = lasts,
	                              .is_foreign = act_is_foreign(&words),
	                              .language = words.language,
	                              .distress_line = "Please call emergencias, or den Notruf: the "
	                                               "emergency services",
	                              .known = p->known,
	                              .told = lasts ? NULL : told};
}

static const char *take_turn(struct play *p, const char *said)
{
	struct chat_message *messages = NEW_ARRAY(p->cx->arena, struct chat_message, p->n + 1);
	struct rule_told     told;
	const char          *reply;

	read_turn(p, said, &told);
	for (size_t i = 0; i < p->n; i++)
		messages[i] = (struct chat_message){i % 2 ? CHAT_ASSISTANT : CHAT_USER, p->history[i].text};
	messages[p->n] = (struct chat_message){CHAT_USER, said};
	reply = responder_reply(p->cx, messages, p->n + 1, p->mode, &p->reading);
	if (!p->reading.is_in_distress)
		p->known = extract_merge(p->cx, p->known, told.all);
	p->history[p->n++] = (struct utterance_text){.speaker = SPEAKER_VISITOR,
	                                             .text = said,
	                                             .is_in_distress = p->reading.is_in_distress};
	p->history[p->n++] = (struct utterance_text){.speaker = SPEAKER_AGENT,
	                                             .text = reply,
	                                             .is_in_distress = p->reading.is_in_distress};
	return reply;
}

/* Nobody in distress is sold anything or asked from the list, whatever the manner. */
static void check_care(const struct play *p, const char *said, const char *reply)
{
	if (p->reading.is_in_distress && (!care_is_fit(p->cx, span_of(reply)) || strchr(reply, '?')))
		fail_msg("\"%s\" is answered \"%s\" in distress", said, reply);
}

static void play(struct play *p, const struct cJSON *line, bool is_own_mode)
{
	const struct cJSON *says = json_first(json_at(line, "says"));

	p->n = 0;
	p->known = NULL;
	for (const struct cJSON *turn = json_first(json_at(line, "turns")); turn;
	     turn = json_next(turn), says = json_next(says)) {
		const char *said = json_text_at(turn, ""), *piece = json_text_at(says, ""), *reply;

		assert_true(p->n < 2 * (size_t)TURNS_MAX);
		reply = take_turn(p, said);
		check_care(p, said, reply);
		if (is_own_mode && !strcasestr(reply, piece))
			fail_msg("\"%s\" (%s) is answered \"%s\", without \"%s\"", said,
			         act_name(p->reading.act), reply, piece);
	}
	p->are_told = true;
}

static void answers_as_it_should(void **state)
{
	FILE    *file = fopen("tests/data/talk.jsonl", "re");
	char     line[LINE_BYTES];
	unsigned n = 0;

	assert_non_null(file);
	for (; fgets(line, sizeof(line), file); n++) {
		struct play         p = {.cx = *state};
		const struct cJSON *root;
		enum mode           own = MODE_DEFAULT;

		assert_ok(json_parse(p.cx, span_of(arena_strdup(p.cx->arena, line)), &root));
		assert_true(mode_find(json_text_at(root, "mode"), &own));
		p.mode = own;
		play(&p, root, true);
		for (p.mode = MODE_WILLIAM; p.mode <= MODE_INTERVIEWER; p.mode++)
			play(&p, root, false);
		arena_reset(p.cx->arena);
	}
	fclose(file);
	assert_true(n >= CONVERSATIONS_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(answers_as_it_should),
	};

	return cmocka_run_group_tests(tests, start, meaning_stop);
}
