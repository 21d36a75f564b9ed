/* reply_text.h -- a model's reply, cleaned and cut into sentences while it is being written. Pure.
 *
 * The sentences, in order and put together, are spoken_reply() of the whole, however the text came.
 * Nothing is given that what follows may turn into markup or tool text (settled.h). */
#ifndef REPLY_TEXT_H
#define REPLY_TEXT_H

#include "../text/sentence.h"

#include "../../base/str.h"

/* What spoken_reply() is to have at most, so that it leaves out no sentence by its length. */
#define REPLY_BYTES_MAX(sentences_max) ((sentences_max) * (SENTENCE_BYTES_MAX + 1))

struct reply_text; /* lives in the arena */

/* At most `sentences_max` sentences are given. Of a first one longer than `first_bytes` (0: however
 * long) the first clauses are given by themselves: somebody waits for the first sound. */
struct reply_text *reply_text_new(struct arena *a, size_t sentences_max,
                                  size_t first_bytes) NEVER_NULL;

/* The next piece of the model's text, valid UTF-8; then, once for any number of pieces, what they
 * have become is read. */
void reply_text_add(struct reply_text *r, struct span piece);
void reply_text_read(struct reply_text *r);

/* The next sentence that is complete, or those first clauses, with the white space before it; it
 * lives in the arena. */
bool reply_text_next(struct reply_text *r, struct span *out);

/* As many sentences were given as are at most: what follows is nobody's. */
bool reply_text_is_full(const struct reply_text *r);

/* What is known by now of the sentence that is not complete, until the next call of any other. */
struct span reply_text_begun(const struct reply_text *r);

/* The text is complete: `whole` is spoken_reply() of it, or "" where what was given is all. The
 * sentences that are left are given by reply_text_next(). */
void reply_text_end(struct reply_text *r, const char *whole);

#endif
