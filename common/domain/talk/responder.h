/* responder.h -- answers without a model, a key or a network.
 *
 * A deterministic persona: rules and word lists. It picks up what was said in
 * the newest message and before, answers in the mode's manner and asks the
 * natural next question (name, work, problem, what was tried, timeline, budget,
 * contact), past what it knows already. It claims no knowledge of the world and
 * says what it is when asked. Of the visitor's words it only ever quotes a few,
 * cleaned, and it follows no orders in them.
 *
 * The same messages always give the same reply; the number of turns varies the
 * wording, and a reply never repeats a sentence of the one before it. */
#ifndef RESPONDER_H
#define RESPONDER_H

#include "../../base/arena.h"
#include "chat.h"
#include "mode.h"

/* The reply to the last message: one or two sentences, three or four when the
 * system message (prompt_build's, or any other) is for a performer. Never empty. */
const char *responder_reply(struct arena *a, const struct chat_message *messages, size_t n,
                            enum mode mode) NEVER_NULL;

#endif
