/* sentence.h -- where sentences end, in text that is complete or still arriving. */
#ifndef SENTENCE_H
#define SENTENCE_H

#include "../../base/base.h"

/* A "sentence" without an end is cut at white space before this many bytes, so
 * that a listener never waits long and each call is bounded. */
#define SENTENCE_BYTES_MAX 600

/* Takes the next sentence off the front of *rest, without white space around
 * it, never empty. While the text is still arriving (is_final false) a sentence
 * is only given once what follows it is known, at most 8 characters behind its end: call again
 * with the same text and more behind it. The sentences are the same in whatever pieces it arrives.
 * When final, what is left over is the last sentence.
 * False: nothing (more) to take. The text is valid UTF-8. */
bool sentence_next(struct span *rest, struct span *out, bool is_final);

/* The same, but no longer than max_bytes (at least 8): of a sentence that is longer the first
 * clauses, to be spoken before the rest is there; at worst it ends behind a word. What is left of
 * the sentence is taken next. An end within max_bytes is known with so many bytes more. */
#define SENTENCE_AHEAD_BYTES 48
bool sentence_clause(struct span *rest, size_t max_bytes, struct span *out, bool is_final);

/* The prefix with at most `sentences` sentences and `max_bytes` bytes, cut at the
 * end of a sentence; at a word when the first sentence alone is longer. */
struct span sentence_prefix(struct span text, size_t sentences, size_t max_bytes);

#endif
