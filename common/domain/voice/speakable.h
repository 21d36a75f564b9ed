/* speakable.h -- any text as plain English letters, digits and marks a small voice can say. */
#ifndef SPEAKABLE_H
#define SPEAKABLE_H

#include "../../base/arena.h"

/* Valid UTF-8 in; ASCII out, in which numbers, addresses, abbreviations and symbols are words,
 * accents are folded, quotes and emoji are gone; what has no space in it is cut behind its first
 * 40 characters. A line for each sentence; "" when it holds nothing this voice could say. */
const char *speakable_text(struct arena *a, struct span text) NEVER_NULL;

/* Takes one sentence, or a part of a long one, off the front of speakable
 * text: at most SENTENCE_MAX bytes with at least one letter or digit. False at
 * the end. */
#define SENTENCE_MAX 300u
bool speakable_next(struct span *rest, struct span *sentence_out);

#endif
