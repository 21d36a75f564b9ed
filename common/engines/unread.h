/* unread.h -- what a visitor said in turns that were broken off before anybody had read it.
 *
 * Whoever comes next reads it first, as its turn would have: by words and by meaning, in the light
 * of what was said before it (care.h). */
#ifndef UNREAD_H
#define UNREAD_H

#include "../base/ctx.h"
#include "../domain/text/utterance.h"

/* Each costs a vector: so many of the newest are read by meaning, and of those that hint at danger
 * so many more. */
#define UNREAD_EMBED_NEWEST 3
#define UNREAD_EMBED_MAX    8

/* Marks what of a history, oldest first, was said in distress; nothing is unread behind it. */
void unread_read(struct ctx *cx, struct utterance_text *history, size_t n);

#endif
