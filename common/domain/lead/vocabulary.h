/* vocabulary.h -- the words that rules need to know where capitals are missing. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include "../text/tokens.h"

enum vocabulary {
	VOCABULARY_GIVEN_NAMES,
	VOCABULARY_PLACES,
	VOCABULARY_NOT_NAMES, /* what follows "I'm" and is no name */
	VOCABULARY_NOT_ORGS   /* what follows "at" or "from" and is no organisation */
};

/* `low` is one word (a place may have several), folded as those of tokens.h are. */
bool vocabulary_has(enum vocabulary list, const char *low);

/* How many words of the longest known place stand at word i; 0: none. */
size_t vocabulary_place_at(const struct utterance *u, size_t i);

#endif
