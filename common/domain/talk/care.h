/* care.h -- talking to somebody in distress. Pure. */
#ifndef CARE_H
#define CARE_H

#include "../text/utterance.h"
#include "act.h"

/* How many messages in a row the visitor has said in distress, up to the last. */
size_t care_messages(const struct utterance_text *history, size_t n);

/* Is somebody in distress who says this, and has said so many messages in it before? It lasts until
 * they turn to other things: they say so in so many words; or, once they have said
 * CARE_MESSAGES_MIN things in distress, tell of a firm or of money or do something that has nothing
 * to do with it. Where that is not sure it lasts. */
#define CARE_MESSAGES_MIN 3
bool care_is_needed(struct ctx *cx, enum act act, struct span message, size_t said_in_distress);

/* May a model's text follow our own line? Not where it asks for what one asks a customer, sells,
 * or speaks of danger itself. */
bool care_is_fit(struct ctx *cx, struct span text);

#endif
