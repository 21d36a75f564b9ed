/* said.h -- a visitor's utterances, split once into words that many rules can look at.
 *
 * Everything lives in the arena of the call: about 40 bytes for each word. */
#ifndef SAID_H
#define SAID_H

#include "../base/ctx.h"
#include "../base/str.h"

/* What stands before a word, the strongest. */
enum said_gap {
	GAP_SPACE, /* white space, hyphens, quotes */
	GAP_COMMA, /* a pause: , ; : ( ) and dashes */
	GAP_STOP   /* the beginning, . ! ? or a new line */
};

struct said_word {
	const char   *low;  /* ASCII lower case, ' for every apostrophe, NUL-terminated */
	struct span   text; /* as said */
	enum said_gap gap;
	bool          is_contact; /* part of an e-mail address or a number: never part of a name */
};

struct utterance {
	struct span       text;
	struct said_word *words;
	size_t            n;
};

/* Splits one utterance; its text must live as long as the result. */
struct utterance said_split(struct ctx *cx, struct span text);

/* The words of the phrase (lower case, single spaces) stand at word i, with no
 * sentence end between them. Returns how many words it has, 0: it does not. */
size_t said_at(const struct utterance *u, size_t i, const char *phrase);

/* The longest of the phrases that stands at word i: its number of words; 0: none. */
size_t said_any_at(const struct utterance *u, size_t i, const char *const *phrases, size_t n);
#define SAID_ANY_AT(u, i, list) said_any_at((u), (i), (list), COUNT(list))

/* One of the phrases begins in words[from, to). */
bool said_any_in(const struct utterance *u, size_t from, size_t to, const char *const *phrases,
                 size_t n);
#define SAID_ANY_IN(u, from, to, list) said_any_in((u), (from), (to), (list), COUNT(list))

/* Word i is this word. False past the end. */
bool said_is(const struct utterance *u, size_t i, const char *word);
bool said_is_any(const struct utterance *u, size_t i, const char *const *words, size_t n);
#define SAID_IS_ANY(u, i, list) said_is_any((u), (i), (list), COUNT(list))

/* The sentence around word i: first word, and one past its last; at most
 * SAID_SENTENCE_WORDS to each side, since spoken text may have no full stop. */
enum { SAID_SENTENCE_WORDS = 60 };
size_t said_sentence_from(const struct utterance *u, size_t i);
size_t said_sentence_to(const struct utterance *u, size_t i);

/* The text from word `from` to the one before `to`, as said. */
struct span said_text(const struct utterance *u, size_t from, size_t to);

/* The utterance without what dictates data or instructions to us: JSON, tool
 * calls, "ignore previous instructions", "set my lead score to 100". Sentences
 * that do are cut out whole; the rest is what the visitor told about themselves. */
struct span said_honest(struct ctx *cx, struct span text);

#endif
