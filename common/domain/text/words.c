/* words.c -- splitting and matching words. */
#include "words.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"
#include "phrases.h"

#define TEXT_WORDS_TABLES
#include "common/domain/text/text.words.h"

/* Most of what people write is ASCII, and each word of it is looked at for hundreds of phrases. */
static bool is_ascii_word_char(uint32_t c)
{
	return (c | 0x20) - 'a' < 26 || c - '0' < 10;
}

static uint32_t ascii_lower(uint32_t c)
{
	return c - 'A' < 26 ? c | 0x20 : c;
}

static bool is_word_char(uint32_t c)
{
	return c < 0x80 ? is_ascii_word_char(c) : unicode_is_word(c) && !unicode_is_invisible(c);
}

static uint32_t next_char(struct span *rest)
{
	unsigned char c = (unsigned char)*rest->ptr;

	if (c >= 0x80)
		return utf8_next(rest);
	rest->ptr++;
	rest->len--;
	return c;
}

static bool is_apostrophe(uint32_t c)
{
	return c == '\'' || c == 0x2019 || c == 0x2018;
}

/* What goes on only where a word does. A space of no width is one. */
static bool is_inside(uint32_t c)
{
	return is_apostrophe(c) || (c >= 0x80 && c != 0x200b && unicode_is_invisible(c));
}

/* Digits and marks belong to letters of either kind. */
enum kind { ANY, SPACED, UNSPACED };

static enum kind kind_of(uint32_t c)
{
	enum unicode_script script;

	if (c < 0x80)
		return c < 'A' ? ANY : SPACED;
	script = unicode_script(c);
	return script == UNICODE_NEUTRAL ? ANY : script == UNICODE_SPACED ? SPACED : UNSPACED;
}

/* Does a word of this kind go on with c? */
static bool goes_on(enum kind *kind, uint32_t c)
{
	enum kind next;

	if (!is_word_char(c))
		return false;
	next = kind_of(c);
	if (*kind == ANY)
		*kind = next;
	return next == ANY || next == *kind;
}

/* Takes word characters, and what may be inside where it stands between two of them. */
static void skip_word(struct span *rest, enum kind kind)
{
	while (rest->len) {
		struct span ahead = *rest;
		uint32_t    c = next_char(&ahead);

		while (is_inside(c) && ahead.len)
			c = next_char(&ahead);
		if (!goes_on(&kind, c))
			return;
		*rest = ahead;
	}
}

bool words_next(struct span *rest, struct span *word_out)
{
	while (rest->len) {
		struct span at = *rest;
		uint32_t    c = next_char(rest);

		if (!is_word_char(c) || (c >= 0x80 && unicode_is_mark(c)))
			continue;
		skip_word(rest, kind_of(c));
		*word_out = (struct span){at.ptr, at.len - rest->len};
		return true;
	}
	return false;
}

size_t words_count(struct span text)
{
	struct span word;
	size_t      n = 0;

	while (words_next(&text, &word))
		n++;
	return n;
}

static bool equal_letters(struct span a, struct span b)
{
	struct unicode_folding x = {.rest = a}, y = {.rest = b};
	uint32_t               c;

	do {
		c = unicode_fold_next(&x);
		if (c != unicode_fold_next(&y))
			return false;
	} while (c);
	return true;
}

static bool is_ascii(struct span s)
{
	return !s.len || (unsigned char)s.ptr[0] < 0x80;
}

static bool equal_folded(struct span a, struct span b)
{
	while (a.len && b.len && is_ascii(a) && is_ascii(b))
		if (ascii_lower(next_char(&a)) != ascii_lower(next_char(&b)))
			return false;
	return is_ascii(a) && is_ascii(b) ? a.len == b.len : equal_letters(a, b);
}

bool words_equal(struct span word, const char *other)
{
	return equal_folded(word, span_of(other));
}

struct span words_without_possessive(struct span word)
{
	static const char *const endings[] = {"'s", "'S", "\u2019s", "\u2019S"};

	for (size_t i = 0; i < COUNT(endings); i++) {
		size_t n = strlen(endings[i]);

		if (word.len > n && memcmp(word.ptr + word.len - n, endings[i], n) == 0)
			return (struct span){word.ptr, word.len - n};
	}
	return word;
}

/* Only what may stand between the words of a phrase: white space, hyphens, underscores. */
static bool is_joint(struct span gap)
{
	while (gap.len) {
		uint32_t c = next_char(&gap);

		if (c != '_' && !unicode_is_space(c) && !unicode_is_dash(c))
			return false;
	}
	return true;
}

/* Does the phrase stand where `first` is, with `rest` behind it? *end_out: its last byte + 1. */
static bool phrase_here(struct span first, struct span rest, struct span phrase,
                        const char **end_out)
{
	struct span want, word = first;

	if (!words_next(&phrase, &want))
		return false;
	for (;;) {
		const char *end = word.ptr + word.len;
		bool        is_whole = equal_folded(word, want);

		if (!is_whole && !equal_folded(words_without_possessive(word), want))
			return false;
		*end_out = end;
		if (!words_next(&phrase, &want))
			return true;
		if (!is_whole || !words_next(&rest, &word) ||
		    !is_joint((struct span){end, (size_t)(word.ptr - end)}))
			return false;
	}
}

/* The first character of a word or phrase where it tells words apart, folded; 0: it does not. */
static uint32_t initial(struct span of)
{
	uint32_t c = of.len ? (unsigned char)of.ptr[0] : 0;

	return c < 0x80 && is_ascii_word_char(c) ? ascii_lower(c) : 0;
}

/* Can a phrase with this initial stand at the word? */
static bool may_begin(struct span word, uint32_t first)
{
	uint32_t c = initial(word);

	return !first || !c || c == first;
}

struct span words_find(struct span text, const char *phrase)
{
	struct span word, wanted = span_of(phrase);
	uint32_t    first = initial(wanted);
	const char *end;

	while (words_next(&text, &word))
		if (may_begin(word, first) && phrase_here(word, text, wanted, &end))
			return (struct span){word.ptr, (size_t)(end - word.ptr)};
	return (struct span){NULL, 0};
}

bool words_contain(struct span text, const char *phrase)
{
	return words_find(text, phrase).ptr != NULL;
}

struct words_initials words_initials_of(struct span text)
{
	struct words_initials initials = {{false}};
	struct span           word;

	while (words_next(&text, &word))
		initials.at[initial(word)] = true;
	return initials;
}

bool words_may_contain(const struct words_initials *initials, const char *phrase)
{
	uint32_t first = initial(span_of(phrase));

	return !first || initials->at[first] || initials->at[0];
}

const char *words_find_any(struct span text, const char *const *phrases, size_t n)
{
	struct words_initials initials = words_initials_of(text);

	for (size_t i = 0; i < n; i++)
		if (words_may_contain(&initials, phrases[i]) && words_contain(text, phrases[i]))
			return phrases[i];
	return NULL;
}

bool words_start_with(struct span text, const char *phrase, struct span *after_out)
{
	struct span rest = text, word;
	const char *end;

	if (!words_next(&rest, &word) || !phrase_here(word, rest, span_of(phrase), &end))
		return false;
	if (after_out)
		*after_out = (struct span){end, (size_t)(text.ptr + text.len - end)};
	return true;
}

bool words_is_stop(struct span word)
{
	return phrases_is(TEXT_LIST(STOP), word);
}

bool words_is_capitalised(struct span word)
{
	return word.len && unicode_is_upper(utf8_next(&word));
}
