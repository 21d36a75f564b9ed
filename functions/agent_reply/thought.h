/* thought.h -- thinking for one turn: what is recalled, the prompt, the model. */
#ifndef THOUGHT_H
#define THOUGHT_H

#include "answer.h"
#include "delivery.h"

extern const struct cfg_group thought_settings;

/* The tokens that a request to a model may have (REPLY_PROMPT_TOKENS). */
size_t thought_budget_tokens(void);

/* Of a reply's first piece where it is streamed (FIRST_PIECE_CHARS); 0: it is a sentence. */
size_t thought_first_bytes(void);

/* Before anything is thought, of a turn or ahead of one: how many messages in a row, the last ones
 * before this, were of somebody in distress (a->said_in_distress); is something to be recalled
 * (a->recalls), and whom may the message name (a->people). Not where all that is remembered stands
 * in the prompt of a model anyway, as what was said in this conversation. What was heard is
 * embedded where it recalls; else the memory that the words become is, by its job. */
void thought_look(struct ctx *cx, const struct in *in, const struct turn *turn, struct answer *a);

struct thought; /* lives in the arena */

/* Recalls, where a->recalls, and reads what was said: a->recall_ms, dynamics and reading. What the
 * turn has told is in the reading already (NULL: nothing counts). */
struct thought *thought_new(struct ctx *cx, const struct in *in, const struct turn *turn,
                            struct answer *a) NEVER_NULL;

/* Has the delivery think. What comes of it, a clean text that is not empty, goes to the
 * delivery. To somebody in danger our own line comes first, and a model's words only where they
 * are fit to follow it. Where a model fails after some of its words are out, a short line of our
 * own ends the reply. */
void thought_start(struct thought *t, struct delivery *d);

/* Once the delivery is done: what it cost and who thought it. */
void thought_end(const struct thought *t, struct answer *a);

/* Where it was cancelled behind all of the thinking, who thought the rest, and what that cost. */
void thought_sign(const struct thought *t, struct left *rest);

#endif
