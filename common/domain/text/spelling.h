/* spelling.h -- how people say what is written: with fillers between, letters explained, numbers
 * as words. For addresses and numbers; other rules want the words as they came. */
#ifndef SPELLING_H
#define SPELLING_H

#include "tokens.h"

/* "uh", "um": a sound, no word. */
bool spelling_is_filler(struct span word);

/* Takes out of the utterance the fillers, and the "as in dog" behind a single letter. */
void spelling_tidy(struct utterance *u);

enum { SPELLING_DIGITS_MAX = 2 };

/* A number below 100 in words at i ("seven", "nineteen", "ninety two") as digits. Returns how
 * many words it has, 0: none stands there. */
size_t spelling_number(const struct utterance *u, size_t i, char digits[SPELLING_DIGITS_MAX + 1]);

#endif
