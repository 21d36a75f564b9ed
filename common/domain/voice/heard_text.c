/* heard_text.c -- sounds by their names, loops by their form, stock phrases by a table. */
#include "heard_text.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"
#include "../text/phrases.h"
#include "../text/words.h"

#define HEARD_WORDS_TABLES
#include "common/domain/voice/heard.words.h"

#include <ctype.h>

/* Longer phrases than this are no loop's. */
#define PHRASE_MAX 16u
/* So often nobody repeats: a word like "to", a phrase, a longer phrase, a sentence, any word, a
 * letter of a script in which letters are words. And what then is left of any word. */
#define JOINING_TIMES  4u
#define PAIR_TIMES     4u
#define PHRASE_TIMES   3u
#define SENTENCE_TIMES 2u
#define WORD_TIMES     8u
#define WORD_KEPT      3u
#define LETTER_TIMES   5u
/* Words of the shortest sentence that is not said twice: "Thank you. Thank you." is. */
#define SENTENCE_WORDS 3u

/* ---- sounds ---- */

static bool has_digit(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isdigit((unsigned char)text.ptr[i]))
			return true;
	return false;
}

static bool begins_like(struct span word, const char *sound)
{
	char        folded[64];
	struct span plain = {folded, unicode_fold_text(word, folded, sizeof(folded))};

	return span_starts(plain, span_of(sound));
}

static bool names_a_sound(struct span text)
{
	struct span word;

	while (words_next(&text, &word))
		for (size_t i = 0; i < HEARD_LIST(SOUNDS)->n; i++)
			if (begins_like(word, phrases_nth(HEARD_LIST(SOUNDS), i)))
				return true;
	return false;
}

/* What stands around and inside a bracket that begins at `open`; len 0: it does not end. */
static struct span bracketed(const char *open)
{
	static const char opens[] = "[(*", closes[] = "])*";
	const char       *kind = strchr(opens, *open);
	const char       *end = kind && *kind ? strchr(open + 1, closes[kind - opens]) : NULL;

	return (struct span){open, end ? (size_t)(end - open) + 1 : 0};
}

/* In square brackets nothing is said; in others a sound has its name, or nothing else is heard. */
static bool is_sound(struct span whole, struct span bracket)
{
	struct span inside = {bracket.ptr + 1, bracket.len - 2};

	if (has_digit(inside))
		return false;
	if (*bracket.ptr == '[' || names_a_sound(inside))
		return true;
	if (*bracket.ptr == '*') /* "five * three * two" */
		return inside.len && inside.ptr[0] != ' ' && inside.ptr[inside.len - 1] != ' ';
	return span_trim(whole).len == bracket.len;
}

static size_t note_bytes(const char *at)
{
	return strncmp(at, "\xe2\x99\xaa", 3) == 0 || strncmp(at, "\xe2\x99\xab", 3) == 0 ? 3 : 0;
}

/* The text without sounds and notes, with single spaces. */
static struct span without_sounds(struct arena *a, const char *text)
{
	struct span whole = span_of(text);
	struct buf  out = buf_new(a, whole.len + 1);
	bool        wants_space = false;

	while (*text) {
		struct span bracket = bracketed(text);
		size_t      skip = note_bytes(text);

		if (bracket.len && is_sound(whole, bracket))
			skip = bracket.len;
		else if (!skip && (unsigned char)*text <= ' ')
			skip = 1;
		wants_space = wants_space || skip;
		text += skip;
		if (skip)
			continue;
		if (wants_space && out.len)
			buf_char(&out, ' ');
		wants_space = false;
		buf_char(&out, *text++);
	}
	return buf_span(&out);
}

/* ---- loops ---- */

struct piece {
	struct span raw, plain; /* as written; folded, without punctuation around it */
};

static bool is_number(struct span word)
{
	return has_digit(word) || phrases_is(HEARD_LIST(NUMBERS), word);
}

static struct span plain_of(struct arena *a, struct span raw)
{
	size_t      max = UNICODE_GROWTH * raw.len + 1;
	char       *folded = arena_alloc_raw(a, max);
	struct span plain = {folded, unicode_fold_text(raw, folded, max)};

	while (plain.len && ispunct((unsigned char)*plain.ptr))
		plain.ptr++, plain.len--;
	while (plain.len && ispunct((unsigned char)plain.ptr[plain.len - 1]))
		plain.len--;
	return plain;
}

static size_t split(struct arena *a, struct span text, struct piece *out)
{
	size_t n = 0;

	while (text.len) {
		const char *space = memchr(text.ptr, ' ', text.len);
		size_t      len = space ? (size_t)(space - text.ptr) : text.len;

		out[n].raw = (struct span){text.ptr, len};
		out[n].plain = plain_of(a, out[n].raw);
		n++;
		len += space != NULL;
		text = (struct span){text.ptr + len, text.len - len};
	}
	return n;
}

static bool is_same(const struct piece *a, const struct piece *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!a[i].plain.len || !span_equal(a[i].plain, b[i].plain))
			return false;
	return true;
}

static bool are_numbers(const struct piece *tokens, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_number(tokens[i].plain))
			return false;
	return true;
}

/* How often the first n tokens may be said in a row. */
static size_t times_allowed(const struct piece *tokens, size_t n)
{
	char last = tokens[n - 1].raw.ptr[tokens[n - 1].raw.len - 1];

	if (are_numbers(tokens, n))
		return SIZE_MAX;
	if (n == 1)
		return (phrases_is(HEARD_LIST(JOINING), tokens->plain) ? JOINING_TIMES : WORD_TIMES) - 1;
	if (n >= SENTENCE_WORDS && strchr(".?!", last))
		return SENTENCE_TIMES - 1;
	return (n == 2 ? PAIR_TIMES : PHRASE_TIMES) - 1;
}

/* A loop that begins here: how long its phrase is, how often it is said. */
struct loop {
	size_t n, times;
};

static struct loop loop_at(const struct piece *tokens, size_t left)
{
	for (size_t n = 1; n <= PHRASE_MAX && 2 * n <= left; n++) {
		size_t times = 1;

		while ((times + 1) * n <= left && is_same(tokens, tokens + times * n, n))
			times++;
		if (times > 1 && times > times_allowed(tokens, n))
			return (struct loop){n, times};
	}
	return (struct loop){1, 1};
}

/* A word that joins others, several times, and nothing else: nobody spoke. */
static bool is_nothing_else(const struct piece *tokens, size_t n, struct loop loop)
{
	return loop.times == n && loop.times > 1 && phrases_is(HEARD_LIST(JOINING), tokens->plain);
}

static const char *without_loops(struct arena *a, struct span text)
{
	struct piece *tokens = arena_alloc_array(a, text.len + 1, sizeof(*tokens));
	size_t        n = split(a, text, tokens);
	struct buf    out = buf_new(a, text.len + 1);

	for (size_t i = 0; i < n;) {
		struct loop loop = loop_at(tokens + i, n - i);
		size_t      kept = loop.times > 1 && loop.n == 1 && loop.times >= WORD_TIMES &&
                              !phrases_is(HEARD_LIST(JOINING), tokens[i].plain)
		                       ? WORD_KEPT
		                       : 1;

		if (is_nothing_else(tokens, n, loop))
			return "";
		/* The last ones: they have the punctuation of what follows. */
		for (size_t j = (loop.times - kept) * loop.n; j < loop.times * loop.n; j++) {
			if (out.len)
				buf_char(&out, ' ');
			buf_add(&out, tokens[i + j].raw.ptr, tokens[i + j].raw.len);
		}
		i += loop.times * loop.n;
	}
	return buf_text(&out);
}

/* One letter again and again, in a script where a letter is a word. */
static bool is_stuck(struct span text)
{
	uint32_t before = 0;
	unsigned times = 1;

	while (text.len) {
		uint32_t c = utf8_next(&text);

		times = c == before ? times + 1 : 1;
		before = c;
		if (times >= LETTER_TIMES && unicode_script(c) != UNICODE_SPACED &&
		    unicode_script(c) != UNICODE_NEUTRAL)
			return true;
	}
	return false;
}

const char *heard_text_clean(struct arena *a, const char *text)
{
	struct span said = without_sounds(a, text);

	return is_stuck(said) ? "" : without_loops(a, said);
}

/* ---- stock phrases ---- */

/* The longest phrase of a list that the text begins with goes to *rest; false: none. */
static bool take_phrase(struct span *rest, const struct phrases *list)
{
	struct span text = *rest, after;
	bool        found = false;

	for (size_t i = 0; i < list->n; i++)
		if (words_start_with(text, phrases_nth(list, i), &after) &&
		    (!found || after.len < rest->len)) {
			*rest = after;
			found = true;
		}
	return found;
}

enum heard_kind heard_text_kind(const char *text)
{
	struct span     rest = span_of(text);
	enum heard_kind kind = HEARD_STOCK;

	if (phrases_start(HEARD_LIST(CREDITS), rest))
		return HEARD_OUTRO;
	if (take_phrase(&rest, HEARD_LIST(ANSWERS)) && !words_count(rest))
		return HEARD_ANSWER;
	rest = span_of(text);
	while (words_count(rest)) {
		struct span shorter = rest;

		if (take_phrase(&rest, HEARD_LIST(OUTROS)))
			kind = HEARD_OUTRO;
		else if (!take_phrase(&shorter, HEARD_LIST(STOCK)))
			return HEARD_WORDS;
		else
			rest = shorter;
	}
	return kind;
}
