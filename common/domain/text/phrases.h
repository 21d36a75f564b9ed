/* phrases.h -- lists of words and phrases that are data, and patterns of words with slots.
 *
 * scripts/embed-words makes the tables of a .words file. Phrases are folded as tokens are: lower
 * case, no accents, single spaces. A list is sorted and searched by halves. */
#ifndef PHRASES_H
#define PHRASES_H

#include "tokens.h"

struct phrases {
	const char     *text; /* all of them, each with a NUL behind it */
	const uint32_t *at;   /* where each begins */
	size_t          n;
	/* How many stand before each letter, and behind 'z', so that most words need no search. */
	const uint16_t *letters;
	/* Of each, where they are patterns, what it can begin with: bit k, the k-th letter; bit 26,
	 * another; and PHRASES_STARTS where it stands at the beginning of a sentence only. */
	const uint32_t *begins;
};
enum { PHRASES_LETTERS = 27 };
#define PHRASES_STARTS (UINT32_C(1) << 27)

/* `low`, one word or a phrase, is in the list. */
bool phrases_has(const struct phrases *list, const char *low);

/* The longest phrase of the list that stands at word i: its number of words; 0: none. */
size_t phrases_at(const struct phrases *list, const struct utterance *u, size_t i);

/* One of them begins in words[from, to). */
bool phrases_in(const struct phrases *list, const struct utterance *u, size_t from, size_t to);

/* The word (or phrase, as it is written in the list) is one of them, in whatever case. */
bool phrases_is(const struct phrases *list, struct span word);

/* The k-th of them, of list->n. */
const char *phrases_nth(const struct phrases *list, size_t k) NEVER_NULL;

/* One of them is said in the text; the text begins with one. For texts that nobody has split. */
bool phrases_said(const struct phrases *list, struct span text);
bool phrases_start(const struct phrases *list, struct span text);

/* A pattern is elements with single spaces between; "- " in front makes it one whose slots tell
 * nothing:
 *
 *   word, a|b      the word, one of the words
 *   <list>         a phrase of that list
 *   _              any word
 *   N              (a capital letter) a slot, as long as the caller says
 *   ^  $           the beginning or end of a sentence; nothing is taken
 *   ;              a pause, the beginning or the end; nothing is taken
 *   e?  e*         the element or nothing; any number of it
 *   !e             the element does not stand there; nothing is taken
 *
 * A sentence's end within matches only what is spelled with $. */
enum { PATTERN_SLOTS_MAX = 4 };

struct pattern_match {
	size_t from, to;   /* all of its words */
	bool   is_refusal; /* begins with "- " */
	size_t n;
	struct pattern_slot {
		char   kind;
		size_t from, to;
	} slots[PATTERN_SLOTS_MAX];
};

struct grammar {
	const struct phrases *lists; /* those of the patterns' own file */
	/* One past the last word of what can stand in the slot at word i; i: it can not. */
	size_t (*slot_to)(const void *data, char kind, size_t i);
	const void *data;
};

/* The first pattern of the list that fits at word i. False: none does. */
bool pattern_at(const struct grammar *g, const struct phrases *patterns, const struct utterance *u,
                size_t i, struct pattern_match *out);

#endif
