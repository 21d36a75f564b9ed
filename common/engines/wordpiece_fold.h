/* wordpiece_fold.h -- what BERT's uncased vocabulary makes of a character: pure, Unicode 14. */
#ifndef WORDPIECE_FOLD_H
#define WORDPIECE_FOLD_H

#include "../base/base.h"

/* Claims about one code point, as BERT's own preparation of text means them. */
bool fold_is_space(uint32_t c);       /* separates words */
bool fold_is_control(uint32_t c);     /* left out: controls, format characters, private use */
bool fold_is_mark(uint32_t c);        /* left out: accents standing by themselves */
bool fold_is_punctuation(uint32_t c); /* a word of its own */
bool fold_is_ideograph(uint32_t c);   /* a word of its own: Chinese has no spaces */

/* The code points it becomes in lower case without its accents, at most 3 of
 * them: one, but for Korean syllables, which come apart. Exact for all that can
 * occur in the vocabulary; other characters stay as they are, unknown either way. */
size_t fold_base(uint32_t c, uint32_t out[3]);

#endif
