/* unread.c -- one message after the other, for each is read in the light of those before it. */
#include "unread.h"

#include "../domain/talk/care.h"
#include "acts.h"

struct reader {
	struct ctx            *cx;
	struct utterance_text *history;
	size_t                 left; /* unread */
	size_t                 embedded;
};

static size_t count_unread(const struct utterance_text *history, size_t n)
{
	size_t unread = 0;

	for (size_t i = 0; i < n; i++)
		unread += history[i].is_unread;
	return unread;
}

static bool may_embed(struct reader *r, const struct act_words *words)
{
	bool may = r->left <= UNREAD_EMBED_NEWEST ||
	           (act_hints_danger(words) && r->embedded < UNREAD_EMBED_MAX - UNREAD_EMBED_NEWEST);

	r->embedded += may;
	return may;
}

static void read_message(struct reader *r, size_t at)
{
	struct span      message = span_of(r->history[at].text);
	struct act_words words = act_words_of(r->cx, message);
	enum act         act = acts_read(r->cx, &words, NULL, NULL, may_embed(r, &words));

	r->history[at].is_in_distress =
		care_is_needed(r->cx, act, message, care_messages(r->history, at));
	r->history[at].is_unread = false;
	r->left--;
}

void unread_read(struct ctx *cx, struct utterance_text *history, size_t n)
{
	struct reader r = {.cx = cx, .history = history, .left = count_unread(history, n)};

	for (size_t i = 0; r.left && i < n; i++)
		if (history[i].is_unread)
			read_message(&r, i);
}
