/* quantity.h -- numbers in running text, in digits and in words, cut into pieces.
 *
 * What money.h and timeline.h have in common. Linear, no allocation; text is
 * valid UTF-8. */
#ifndef QUANTITY_H
#define QUANTITY_H

#include "tokens.h"

enum piece_kind {
	PIECE_NONE,     /* before the first */
	PIECE_NUMBER,   /* digits with their group and decimal marks */
	PIECE_WORD,     /* a run of letters and inner apostrophes */
	PIECE_CURRENCY, /* $ and its like */
	PIECE_DASH,
	PIECE_COMMA, /* , ; : */
	PIECE_STOP,  /* . ! ? and new lines */
	PIECE_OTHER
};

struct piece {
	enum piece_kind kind;
	struct span     text;
	double          value;    /* of a PIECE_NUMBER */
	bool            is_glued; /* nothing stands between it and what was before */
};

/* Takes the next piece off the front; false at the end. Start with *rest = text. */
bool piece_next(struct span *rest, struct piece *out);

/* The piece is this word; case does not matter. */
bool piece_is(const struct piece *p, const char *word);
bool piece_is_any(const struct piece *p, const char *const *words, size_t n);
#define PIECE_ANY(p, list) piece_is_any((p), (list), COUNT(list))

struct quantity {
	double      value;
	double      scale; /* 1, or the last magnitude said: 1000 for "50k" */
	struct span text;
	bool        is_slang; /* "grand": can only be money */
};

/* Reads a number at the very front of *rest and takes it off: "50k", "1,5
 * million", "one hundred and fifty thousand", "half a million", "a couple of".
 * False, and *rest unchanged, when none stands there. */
bool quantity_read(struct span *rest, struct quantity *out);

/* Words of a number at word i; 0: none stands there. */
size_t quantity_words(const struct utterance *u, size_t i);

#endif
