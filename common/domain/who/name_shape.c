/* name_shape.c -- telling names from what strangers write in their place.
 *
 * Our mails greet an address that anybody may have typed, so what stands in the name's place is
 * read by somebody who trusts us: "Your account is locked, call ..." must not. A shape alone does
 * not tell "Account Locked" from "Dana Reyes"; so words that mail of that kind lives on are no
 * names, and of the others there are too few for a sentence. */
#include "name_shape.h"

#include "../../base/utf8.h"
#include "../text/phrases.h"
#include "../text/words.h"
#include "common/domain/who/who.words.h"

#include <ctype.h>

enum {
	CHARS_MAX = 40,
	WORDS_MAX = 5,
	PLAIN_MAX = 20, /* characters of scripts without capitals */
	WIDE_MAX = 6    /* of those that need no space between words */
};

static bool is_wide(uint32_t c)
{
	return c >= 0x2e80;
}

/* Letters and the marks on them. */
static bool is_letter(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{'A', 'Z'},       {'a', 'z'},       {0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2af},
		{0x300, 0x36f},   {0x370, 0x373},   {0x376, 0x377},   {0x37b, 0x37d},   {0x386, 0x386},
		{0x388, 0x3f5},   {0x3f7, 0x481},   {0x48a, 0x52f},   {0x531, 0x556},   {0x561, 0x587},
		{0x5d0, 0x5f2},   {0x620, 0x64a},   {0x671, 0x6d3},   {0x900, 0xdff},   {0xe01, 0xe3a},
		{0xe40, 0xe4e},   {0x10a0, 0x10ff}, {0x1e00, 0x1fff}, {0x3005, 0x3005}, {0x3041, 0x3096},
		{0x30a1, 0x30fa}, {0x30fc, 0x30fc}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3},
	};

	/* Digits of the scripts of India stand in the same places of their blocks. */
	if (c >= 0x900 && c <= 0xdff && ((c & 0x7f) == 0x64 || (c & 0x7f) == 0x65))
		return false;
	if (c >= 0x900 && c <= 0xdff && (c & 0x7f) >= 0x66 && (c & 0x7f) <= 0x6f)
		return false;
	for (size_t i = 0; i < COUNT(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static bool has_capitals(uint32_t c)
{
	return c < 0x590 || (c >= 0x1e00 && c <= 0x1fff);
}

/* ---- the characters ---- */

/* Behind an initial or a title only: "J.", "Prof."; mail programs make links of "evil.example". */
static bool is_good_dot(struct span rest, size_t letters)
{
	return letters >= 1 && letters <= 4 && (rest.len == 0 || rest.ptr[0] == ' ');
}

/* Letters, and between them what joins them: one blank, hyphen or apostrophe at a time. */
static bool has_good_characters(struct span rest)
{
	size_t chars = 0, plain = 0, wide = 0, letters = 0;
	bool   is_joint = true; /* nothing may join here */

	while (rest.len) {
		uint32_t c = utf8_next(&rest);
		bool     is_dot = c == '.' && is_good_dot(rest, letters);
		bool     joins = c == ' ' || c == '-' || c == '\'' || c == 0x2019;

		if (++chars > CHARS_MAX || !(is_letter(c) || is_dot || (joins && !is_joint)))
			return false;
		is_joint = joins;
		letters = is_letter(c) ? letters + 1 : 0;
		plain += is_letter(c) && !has_capitals(c);
		wide += is_wide(c);
	}
	return chars > 0 && !is_joint && plain <= PLAIN_MAX && wide <= WIDE_MAX;
}

/* ---- the words ---- */

/* Particles and titles. */
static bool goes_with_names(struct span word)
{
	return phrases_is(WHO_LIST(PARTICLES), word);
}

/* What letters of fraud and advertisement are made of. */
static bool is_alarming(struct span word)
{
	return phrases_is(WHO_LIST(ALARMING), word);
}

/* In scripts that have both, a name begins with a capital; accented letters are let pass. */
static bool begins_small(struct span word)
{
	struct span rest = word;
	uint32_t    c = utf8_next(&rest);

	if (c == 'd' || c == 'o' || c == 'l') { /* "d'Artagnan" */
		uint32_t next = utf8_next(&rest);

		if (next == '\'' || next == 0x2019)
			return false;
	}
	return (c >= 'a' && c <= 'z') || (c >= 0x3ac && c <= 0x3ce) || (c >= 0x430 && c <= 0x45f);
}

/* "Will", "May" and "An" are names too, but two such words are the beginning of a sentence. */
static bool has_good_words(struct span rest)
{
	struct span word;
	size_t      words = 0, names = 0, stops = 0;

	while (words_next(&rest, &word)) {
		if (++words > WORDS_MAX || is_alarming(word))
			return false;
		if (goes_with_names(word))
			continue;
		if (begins_small(word))
			return false;
		stops += words_is_stop(word) && utf8_length(word) > 1;
		names += utf8_length(word) > 1;
	}
	return stops <= 1 && names > 0;
}

bool name_is_likely(struct span text)
{
	return has_good_characters(text) && has_good_words(text);
}
