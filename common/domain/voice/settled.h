/* settled.h -- how much of a text that still arrives is read the same whatever follows. Pure. */
#ifndef SETTLED_H
#define SETTLED_H

#include "../../base/base.h"

/* So many bytes at the front of a model's text that spoken_text_clean() makes the same of, with
 * what follows or without: no markup, aside or tool text begins in them that may end behind them.
 * What is rare in speech (a tag, a fence, a block in braces, a name with an underscore, a numbered
 * list) is not settled before the text is complete. *word_out is how many bytes behind them are
 * the beginning of a word: to be looked at, not to be given, for it may become a tool's name. */
size_t settled_bytes(struct span text, size_t *word_out);

#endif
