/* words.h -- words of what people say: splitting, whole-word matching, stop words.
 *
 * A word is a run of letters and digits of any script, with single apostrophes
 * inside ("don't", "Dana’s"). Everything else separates: white space,
 * punctuation, symbols, emoji; and so does the change between scripts that are
 * written with spaces and those that are not ("東京のDana" is two). Text is valid
 * UTF-8; case and accents make no difference (base/unicode.h). All functions are
 * linear in the text and never allocate. */
#ifndef WORDS_H
#define WORDS_H

#include "../../base/str.h"

/* Takes the next word off the front; false at the end. Start with *rest = text. */
bool words_next(struct span *rest, struct span *word_out);

/* How many words there are. */
size_t words_count(struct span text);

/* Same word: case and accents do not matter, ' and ’ are one. */
bool words_equal(struct span word, const char *other);

/* The first place where the words of `phrase` stand in `text` as whole words in
 * this order, with only white space, hyphens or underscores between them. A
 * possessive ending counts as the word ("the CEO's" has "CEO"). When there is
 * none the result is {NULL, 0}. A phrase without words is nowhere. */
struct span words_find(struct span text, const char *phrase);
bool        words_contain(struct span text, const char *phrase);

/* With which characters words of a text begin; [0]: with one that may be any, folded. Of many
 * phrases most begin with no word of it, which is known without a look at its words. */
struct words_initials {
	bool at[0x80];
};
struct words_initials words_initials_of(struct span text);
bool                  words_may_contain(const struct words_initials *initials, const char *phrase);

/* The first of the phrases, in the order of the list, that stands in the text; NULL: none. */
const char *words_find_any(struct span text, const char *const *phrases, size_t n);
#define WORDS_ANY(text, list) words_find_any((text), (list), COUNT(list))

/* The same at the very beginning of the text, besides punctuation and space:
 * the rest behind the phrase goes to *after_out (may be NULL). */
bool words_start_with(struct span text, const char *phrase, struct span *after_out);

/* An English word with no topic in it ("the", "would", "really"). */
bool words_is_stop(struct span word);

/* Letter case as written: the first letter is a capital. */
bool words_is_capitalised(struct span word);

/* The word without 's or ’s at its end. */
struct span words_without_possessive(struct span word);

#endif
