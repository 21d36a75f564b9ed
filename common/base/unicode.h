/* unicode.h -- what Unicode says of characters: pure, of any thread, allocates nothing.
 *
 * Texts are folded to be compared: without case, without accents, each letter as its plain form
 * ("Ễ", "ê", "Ｅ" are "e"; "ß" is "ss", "ς" is "σ", "ş" and "ș" are "s", "đ" is "d"). What is
 * composed and what is written as letter and mark fold alike. Marks that make another letter
 * stay: those of Indian scripts, of Thai, of kana. */
#ifndef UNICODE_H
#define UNICODE_H

#include "base.h"

enum {
	UNICODE_FOLD_MAX = 4, /* code points that one becomes */
	UNICODE_GROWTH = 4    /* times as many bytes as before, at most */
};

/* The code points that this one is compared by, none for accents and what is invisible. A
 * ligature of more than UNICODE_FOLD_MAX stays as it is. */
size_t unicode_fold(uint32_t c, uint32_t out[UNICODE_FOLD_MAX]);

/* The same of a text, code point by code point. Begin with {.rest = text}; 0 at the end. */
struct unicode_folding {
	struct span rest;
	uint32_t    at[UNICODE_FOLD_MAX];
	size_t      n, next;
};
uint32_t unicode_fold_next(struct unicode_folding *f);

/* Folded into `out`, NUL-terminated; 0 when it does not fit: UNICODE_GROWTH times the text and one
 * byte do for any, the text and one byte for ASCII. */
size_t unicode_fold_text(struct span text, char *out, size_t max);

/* Letters and their accents, in lower case: what it is composed of, and no more. */
size_t unicode_take_apart(uint32_t c, uint32_t out[UNICODE_FOLD_MAX]);

/* The text as composed code points (NFKC), in lower case if asked for, without what is invisible:
 * how names of hosts are compared. Returns how many; 0: more than max, or no valid text. */
size_t unicode_compose(struct span text, bool is_lower, uint32_t *out, size_t max);

/* Claims about one code point. */
bool unicode_is_word(uint32_t c);      /* a letter, a mark or a digit */
bool unicode_is_upper(uint32_t c);     /* a capital */
bool unicode_is_mark(uint32_t c);      /* stands over or under the letter before, or beside it */
bool unicode_is_accent(uint32_t c);    /* a mark without width */
bool unicode_is_invisible(uint32_t c); /* a format character: a joiner, a soft hyphen */
bool unicode_is_control(uint32_t c);   /* no text: controls, format characters, private use */
bool unicode_is_space(uint32_t c);     /* white space, line ends among them */
bool unicode_is_dash(uint32_t c);
bool unicode_is_punctuation(uint32_t c);

/* How words of a script stand in a text. */
enum unicode_script {
	UNICODE_SPACED, /* with spaces between them */
	UNICODE_HAN,    /* without, as in all below */
	UNICODE_HIRAGANA,
	UNICODE_KATAKANA,
	UNICODE_HANGUL,   /* spaces between words, endings written on to them */
	UNICODE_UNSPACED, /* Thai, Lao, Khmer, Burmese */
	UNICODE_NEUTRAL   /* marks and digits: goes with what is beside */
};
enum unicode_script unicode_script(uint32_t c);

#endif
