/* unread.c -- one message after the other, for each is read in the light of those before it. */
#include "unread.h"

#include "../domain/talk/care.h"
#include "acts.h"

static size_t count_unread(const struct utterance_text *history, size_t n)
{
	size_t unread = 0;

	for (size_t i = 0; i < n; i++)
		unread += history[i].is_unread;
	return unread;
}

static bool is_grave(struct ctx *cx, const struct utterance_text *history, size_t at,
                     bool may_embed)
{
	struct span      message = span_of(history[at].text);
	struct act_words words = act_words_of(cx, message);
	enum act         act = acts_read(cx, &words, NULL, NULL, may_embed);

	return care_is_needed(cx, act, message, care_messages(history, at));
}

void unread_read(struct ctx *cx, struct utterance_text *history, size_t n)
{
	size_t left = count_unread(history, n);

	for (size_t i = 0; left && i < n; i++) {
		if (!history[i].is_unread)
			continue;
		history[i].is_in_distress = is_grave(cx, history, i, left-- <= UNREAD_EMBED_MAX);
		history[i].is_unread = false;
	}
}
