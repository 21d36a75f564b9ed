/* wordpiece.h -- text into the numbers BERT reads, exactly as its uncased tokenizer does.
 *
 * Pure. A vocabulary is read-only after it was read: any number of threads may use it. */
#ifndef WORDPIECE_H
#define WORDPIECE_H

#include "../base/ctx.h"

struct wordpiece;

/* From a Hugging Face tokenizer.json. The vocabulary lives in `keep`; what it
 * takes to read it lives in cx. ERR_INPUT: not such a file, or its ids do not
 * fit in 16 bits, are not 0 ... n-1, or lack one of the special tokens. */
struct err *wordpiece_read(struct ctx *cx, struct span json, struct arena *keep,
                           const struct wordpiece **out) CHECKED;

/* How many ids there are. */
size_t wordpiece_count(const struct wordpiece *w);

/* The ids of valid UTF-8 text between [CLS] and [SEP], cut to `max` (at least 2)
 * with both. Returns their number. "[SEP]" and the like written in the text
 * are words like any other: what a person types steers nothing. */
size_t wordpiece_ids(const struct wordpiece *w, struct span text, uint16_t *ids, size_t max);

#endif
