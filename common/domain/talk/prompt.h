/* prompt.h -- what a model is told: one system message, then the conversation.
 *
 * What people said, now or in an earlier conversation, is data. In the system
 * message it stands between markers that it can not close (angle brackets and
 * ampersands are escaped) and a rule says that it gives no orders. The built-in
 * responder reads the same marked parts back with the functions below. */
#ifndef PROMPT_H
#define PROMPT_H

#include "../../base/arena.h"
#include "chat.h"
#include "dynamics.h"
#include "mode.h"
#include "../text/utterance.h"

#define PROMPT_MEMORIES_MAX       5
#define PROMPT_MEMORY_BYTES_MAX   600 /* of each, cut at a word */
#define PROMPT_QUESTION_BYTES_MAX 200
#define PROMPT_CONTEXT_MAX        8
#define PROMPT_BUDGET_TOKENS      6000 /* a good default */

struct prompt_memory {
	const char *text;
	const char *date;     /* "2026-05-02" or any text; NULL unknown */
	const char *question; /* asked right before, and so answered by it; NULL none */
};

/* A scalar of the request's `context` object. */
struct prompt_fact {
	const char *name, *value;
};

struct prompt_in {
	enum mode                    mode;
	bool                         is_performer;
	bool                         is_nudge;       /* a proactive follow-up: nobody spoke */
	bool                         is_in_distress; /* the visitor, now or a moment ago */
	const struct dynamics       *dynamics;       /* NULL: none */
	const struct prompt_memory  *memories;       /* best first */
	size_t                       memories_n;
	const struct prompt_fact    *context;
	size_t                       context_n;
	const struct utterance_text *history; /* oldest first, without the message */
	size_t                       history_n;
	const char                  *message; /* what the visitor said; ignored for a nudge */
	size_t                       budget_tokens;
};

struct prompt {
	const struct chat_message *messages; /* system, history, the visitor's message */
	size_t                     n;
	size_t                     tokens; /* of all messages, as counted by prompt_tokens */
};

/* Composes the messages in the arena. The system message and the visitor's
 * message are always there; history is kept from the newest back until the
 * budget is used, in its order and without gaps. */
void prompt_build(struct arena *a, const struct prompt_in *in, struct prompt *out);

/* The conversation as one text, only who spoke and what, so that nothing in it is an instruction.
 * The message is always there; history as prompt_build keeps it. */
const char *prompt_transcript(struct arena *a, const struct utterance_text *history,
                              size_t history_n, const char *message,
                              size_t budget_tokens) NEVER_NULL;

/* A text's cost: a quarter of its bytes, rounded up, and 4 for the message
 * around it. English runs at about 4 bytes a token; other scripts need more
 * tokens but also have more bytes, so this errs on the small side by at most a
 * third: leave that room in the budget. */
size_t prompt_tokens(const char *text);
size_t prompt_tokens_in(size_t bytes); /* a text of so many */

/* Takes "[PROACTIVE_FOLLOWUP: true]" off the end of a message. */
bool prompt_strip_nudge(struct span *message);

/* ---- Reading the marked parts back ---- */

/* Was the system message built for a performer? */
bool prompt_is_performer(const char *system);

/* Is this user message the one that stands for the visitor's silence? */
bool prompt_is_silence(const char *message);

/* Was the hint given with the system message? */
bool prompt_has_hint(const char *system, enum dynamics_hint hint);

/* The memories of a system message, unescaped, in the arena; at most max. */
size_t prompt_read_memories(struct arena *a, const char *system, struct prompt_memory *out,
                            size_t max);

#endif
