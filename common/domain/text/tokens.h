/* tokens.h -- a visitor's utterances, split once into words that many rules can look at.
 *
 * Everything lives in the arena of the call: about 40 bytes for each word. */
#ifndef TOKENS_H
#define TOKENS_H

#include "../../base/ctx.h"
#include "../../base/str.h"

/* What stands before a word, the strongest. */
enum token_gap {
	GAP_SPACE, /* white space, hyphens, quotes */
	GAP_COMMA, /* a pause: , ; : ( ) and dashes */
	GAP_STOP   /* the beginning, . ! ? or a new line */
};

struct token {
	const char    *low;  /* folded (base/unicode.h), NUL-terminated */
	struct span    text; /* as said */
	enum token_gap gap;
	bool           is_contact; /* part of an e-mail address or a number: never part of a name */
};

struct utterance {
	struct span   text;
	struct token *words;
	size_t        n;
};

/* Splits one utterance; its text must live as long as the result. A '@' between spaces is the word
 * "at". */
struct utterance tokens_split(struct ctx *cx, struct span text);

/* The words of the phrase (lower case, single spaces) stand at word i, with no
 * sentence end between them. Returns how many words it has, 0: it does not. */
size_t tokens_at(const struct utterance *u, size_t i, const char *phrase);

/* The longest of the phrases that stands at word i: its number of words; 0: none. */
size_t tokens_any_at(const struct utterance *u, size_t i, const char *const *phrases, size_t n);
#define TOKENS_ANY_AT(u, i, list) tokens_any_at((u), (i), (list), COUNT(list))

/* One of the phrases begins in words[from, to). */
bool tokens_any_in(const struct utterance *u, size_t from, size_t to, const char *const *phrases,
                   size_t n);
#define TOKENS_ANY_IN(u, from, to, list) tokens_any_in((u), (from), (to), (list), COUNT(list))

/* Word i is this word. False past the end. */
bool tokens_is(const struct utterance *u, size_t i, const char *word);
bool tokens_is_any(const struct utterance *u, size_t i, const char *const *words, size_t n);
#define TOKENS_IS_ANY(u, i, list) tokens_is_any((u), (i), (list), COUNT(list))

/* The sentence around word i (before it, where i is behind the last): first word, and one past its
 * last; at most TOKENS_SENTENCE_MAX to each side, since spoken text may have no full stop. */
enum { TOKENS_SENTENCE_MAX = 60 };
size_t tokens_sentence_from(const struct utterance *u, size_t i);
size_t tokens_sentence_to(const struct utterance *u, size_t i);

/* The text from word `from` to the one before `to`, as said. */
struct span tokens_text(const struct utterance *u, size_t from, size_t to);

/* The utterance without what dictates data or instructions to us: JSON, tool
 * calls, "ignore previous instructions", "set my lead score to 100". Sentences
 * that do are cut out whole; the rest is what the visitor told about themselves. */
struct span text_without_orders(struct ctx *cx, struct span text);

/* Is there something of the kind in it? */
bool text_has_orders(struct ctx *cx, struct span text);

#endif
