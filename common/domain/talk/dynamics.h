/* dynamics.h -- small hints that keep a conversation alive.
 *
 * Pure: what the visitor just said, what is remembered and how far the
 * conversation is go in; hints for the prompt come out. Chance and the message
 * numbers at which a hint was last given are passed in; the caller keeps the
 * numbers (events of the session) when they change. */
#ifndef DYNAMICS_H
#define DYNAMICS_H

#include "../../base/base.h"

/* hint, name for events and logs, the sentence for the prompt */
#define DYNAMICS_HINTS(X) \
	X(HINT_VAGUE, "vague", \
	  "The visitor stayed vague just now: ask for one concrete example or detail.") \
	X(HINT_STRIKING, "striking", \
	  "The visitor made a striking claim: show honest curiosity and ask what is behind it.") \
	X(HINT_NO_NUMBER, "no_number", \
	  "The visitor claimed a quality without a number: ask how they measure it.") \
	X(HINT_CALLBACK, "callback", \
	  "A recalled memory is on this very topic: refer back to it in a few words.") \
	X(HINT_PERSPECTIVE, "perspective", \
	  "Offer a change of perspective: look at the matter from another side, in one sentence.")

enum dynamics_hint {
#define X(hint, name, text) hint,
	DYNAMICS_HINTS(X)
#undef X
};
#define DYNAMICS_HINTS_N 5

/* Visitor messages are counted from 1 within a session; 0: never yet. */
struct dynamics_marks {
	unsigned callback_at, perspective_at;
};

struct dynamics_in {
	struct span           message;       /* what the visitor said */
	unsigned              message_index; /* its number in the session */
	const char *const    *memories;      /* recalled texts */
	size_t                memories_n;
	struct dynamics_marks marks;          /* when a hint was last given */
	unsigned              random_percent; /* 0..99, drawn by the caller for this message */
};

struct dynamics {
	enum dynamics_hint    hints[DYNAMICS_HINTS_N];
	size_t                n;
	struct dynamics_marks marks;       /* as given, or this message's number */
	bool                  should_keep; /* the marks changed: remember them in events */
};

/* Which hints this message calls for. */
void dynamics_judge(const struct dynamics_in *in, struct dynamics *out);

/* A hint for events and logs, and for the prompt. */
const char *dynamics_name(enum dynamics_hint hint) NEVER_NULL;
const char *dynamics_text(enum dynamics_hint hint) NEVER_NULL;

/* Do the two texts share a topic: a word that is no stop word, plural or not? */
bool dynamics_shares_topic(struct span a, struct span b);

#endif
