/* reading.c -- a conversation as what was said to what. */
#include "reading.h"

#include "../text/tokens.h"
#include "prompt.h"

enum { LOOK_BACK = 5 /* messages of the visitor */, TELLING_WORDS = 6, TELLING_WORDS_ENGLISH = 4 };

const struct exchange *reading_talk(struct ctx *cx, const struct utterance_text *history, size_t n,
                                    const char *message, size_t *n_out)
{
	struct exchange *talk = NEW_ARRAY(cx->arena, struct exchange, n + 1);
	struct span      asked = SPAN("");
	size_t           talk_n = 0;

	for (size_t i = 0; i < n; i++) {
		struct span text = span_of(history[i].is_in_distress ? "" : history[i].text);
		bool        is_visitor = history[i].speaker == SPEAKER_VISITOR;

		if (is_visitor && text.len)
			talk[talk_n++] = (struct exchange){.asked = asked, .said = text};
		asked = is_visitor ? SPAN("") : text;
	}
	talk[talk_n++] = (struct exchange){.asked = asked, .said = span_of(message)};
	*n_out = talk_n;
	return talk;
}

void reading_of_chat(struct ctx *cx, const struct chat_message *messages, size_t n,
                     struct rule_told *out)
{
	struct utterance_text *history = NEW_ARRAY(cx->arena, struct utterance_text, n);
	size_t                 history_n = 0, talk_n;
	const struct exchange *talk;

	for (size_t i = 0; i + 1 < n; i++) {
		struct utterance_text u = {.text = messages[i].content};
		struct act_words      words;

		if (messages[i].role == CHAT_SYSTEM || prompt_is_silence(u.text))
			continue;
		words = act_words_of(cx, span_of(u.text));
		u.speaker = messages[i].role == CHAT_USER ? SPEAKER_VISITOR : SPEAKER_AGENT;
		u.is_in_distress = words.is_danger;
		history[history_n++] = u;
	}
	talk = reading_talk(cx, history, history_n, n ? messages[n - 1].content : "", &talk_n);
	rule_extract_on(cx, NULL, talk, talk_n, out);
}

/* A few words tell little of their language, unless they tell of danger. */
static enum language told_by(const struct act_words *said)
{
	size_t enough = said->language == LANGUAGE_en ? TELLING_WORDS_ENGLISH : TELLING_WORDS;

	return said->is_danger || said->u->n >= enough ? said->language : LANGUAGES_N;
}

enum language reading_language(struct ctx *cx, const struct act_words *said,
                               const struct utterance_text *history, size_t n)
{
	enum language language = told_by(said);

	for (size_t i = n, looked = 0; language == LANGUAGES_N && i-- > 0 && looked < LOOK_BACK;) {
		struct act_words before;

		if (history[i].speaker != SPEAKER_VISITOR)
			continue;
		before = act_words_of(cx, span_of(history[i].text));
		language = told_by(&before);
		looked++;
	}
	if (language == LANGUAGES_N)
		language = said->language;
	return language == LANGUAGES_N ? LANGUAGE_en : language;
}
