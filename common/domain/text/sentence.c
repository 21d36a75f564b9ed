/* sentence.c -- where sentences end.
 *
 * One walk from mark to mark (. ! ? … and their CJK forms, line ends). A full
 * stop is doubted: abbreviations, initials, numbers of a list and dots inside
 * words end nothing. Where the same letters may or may not end a sentence
 * ("U.S.", "Inc."), the next word decides: a capitalised stop word ("The") begins
 * one. Languages without these marks fall to the length limit. */
#include "sentence.h"

#include "words.h"

#include "../../base/utf8.h"

#include <ctype.h>

/* Never the last word of a sentence. */
static const char *const inner_abbreviations[] = {
	"mr",  "mrs", "ms",  "dr",   "prof", "st",  "mt", "vs",  "fig",  "approx", "gen", "sen",
	"rep", "rev", "hon", "capt", "e.g",  "i.e", "cf", "viz", "dept", "ext",    "ft",  "no",
};

/* May end one; what follows decides. */
static const char *const outer_abbreviations[] = {
	"inc", "ltd", "co",  "corp", "llc", "jr",   "sr",  "etc", "a.m",
	"p.m", "u.s", "u.k", "e.u",  "u.n", "ph.d", "b.a", "m.a", "est",
	"jan", "feb", "mar", "apr",  "aug", "sept", "oct", "nov", "dec",
};

enum verdict { INSIDE, ENDS, UNDECIDED };

static bool is_wide_mark(uint32_t c)
{
	return c == 0x3002 || c == 0xff01 || c == 0xff1f || c == 0xff61; /* 。！？｡ */
}

static bool is_mark(uint32_t c)
{
	return c == '.' || c == '!' || c == '?' || c == 0x2026 || is_wide_mark(c);
}

static bool is_closer(uint32_t c)
{
	return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x2019 || c == 0x201d ||
	       c == 0xbb || c == 0x300d || c == 0x300f || c == 0xff09;
}

static bool is_opener(char c)
{
	return c == '(' || c == '[' || c == '"' || c == '\'';
}

static bool is_space(uint32_t c)
{
	return c == 0xa0 || c == 0x3000 || (c < 0x80 && isspace((int)c));
}

/* What stands before the mark, back to white space or an opening bracket or quote. */
static struct span word_before(struct span text, size_t mark_at)
{
	size_t from = mark_at;

	while (from && !isspace((unsigned char)text.ptr[from - 1]) && !is_opener(text.ptr[from - 1]))
		from--;
	return (struct span){text.ptr + from, mark_at - from};
}

static bool is_listed(struct span word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal_nocase(word, span_of(list[i])))
			return true;
	return false;
}

static bool is_number(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!isdigit((unsigned char)word.ptr[i]))
			return false;
	return word.len > 0;
}

/* Does the next word, as far as it is here, look like the beginning of a sentence? */
static enum verdict judged_by_next(struct span after, bool is_final)
{
	struct span rest = after, word;

	if (!words_next(&rest, &word))
		return is_final ? ENDS : UNDECIDED;
	if (!words_is_capitalised(word))
		return INSIDE;
	if (!rest.len && !is_final)
		return UNDECIDED; /* "The" may become "Thessaly" */
	return words_is_stop(word) ? ENDS : INSIDE;
}

/* A single full stop behind `word`. */
static enum verdict judge_stop(struct span text, struct span word, struct span after, bool is_final)
{
	bool is_initial = word.len == 1 && isupper((unsigned char)word.ptr[0]) && word.ptr[0] != 'I';

	if (is_listed(word, inner_abbreviations, COUNT(inner_abbreviations))) {
		/* "The answer is no." is a sentence; "No. 5" is not. */
		struct span next = span_trim(after);

		if (!span_equal_nocase(word, SPAN("no")))
			return next.len || !is_final ? INSIDE : ENDS;
		if (!next.len)
			return is_final ? ENDS : UNDECIDED;
		return isdigit((unsigned char)next.ptr[0]) ? INSIDE : ENDS;
	}
	if (is_number(word) &&
	    span_trim((struct span){text.ptr, (size_t)(word.ptr - text.ptr)}).len == 0)
		return span_trim(after).len || !is_final ? INSIDE : ENDS; /* "1. First" */
	if (is_initial || is_listed(word, outer_abbreviations, COUNT(outer_abbreviations)))
		return judged_by_next(after, is_final);
	return ENDS;
}

/* What a run of marks at [from, to) with closers up to `closed` means. */
static enum verdict judge(struct span text, size_t from, size_t to, size_t closed, bool is_final)
{
	struct span after = {text.ptr + closed, text.len - closed}, next = span_trim(after),
				peek = after;
	bool is_single_stop = to == from + 1 && text.ptr[from] == '.';
	bool trails_off =
		!is_single_stop && (span_starts((struct span){text.ptr + from, to - from}, SPAN("..")) ||
	                        span_starts((struct span){text.ptr + from, to - from}, SPAN("…")));

	if (!after.len)
		return is_final ? ENDS : UNDECIDED;
	if ((unsigned char)text.ptr[from] >= 0x80 && !trails_off)
		return ENDS; /* wide marks need no space */
	if (!is_space(utf8_next(&peek)))
		return INSIDE;
	if (!next.len)
		return is_final ? ENDS : UNDECIDED;
	if ((trails_off || closed > to) && islower((unsigned char)next.ptr[0]))
		return INSIDE; /* "Well... maybe", "\"Why?\" she asked" */
	return is_single_stop ? judge_stop(text, word_before(text, from), after, is_final) : ENDS;
}

/* Moves *at over the run of marks and then of closers; returns where the marks end. */
static size_t skip_marks(struct span text, size_t *at)
{
	struct span rest = {text.ptr + *at, text.len - *at}, ahead = rest;
	size_t      marks_end;

	while (ahead.len && is_mark(utf8_next(&ahead)))
		rest = ahead;
	marks_end = text.len - rest.len;
	ahead = rest;
	while (ahead.len && is_closer(utf8_next(&ahead)))
		rest = ahead;
	*at = text.len - rest.len;
	return marks_end;
}

/* Bytes of the first sentence of trimmed text; 0 when its end is not here yet. */
static size_t sentence_length(struct span text, bool is_final)
{
	size_t limit = text.len < SENTENCE_BYTES_MAX ? text.len : SENTENCE_BYTES_MAX, at = 0;
	size_t last_space = 0;

	while (at < limit) {
		struct span  rest = {text.ptr + at, text.len - at};
		uint32_t     c = utf8_next(&rest);
		size_t       from = at, marks_end;
		enum verdict verdict;

		if (c == '\n')
			return at;
		if (!is_mark(c)) {
			if (is_space(c))
				last_space = at;
			at = text.len - rest.len;
			continue;
		}
		marks_end = skip_marks(text, &at);
		verdict = judge(text, from, marks_end, at, is_final);
		if (verdict != INSIDE)
			return verdict == ENDS ? at : 0;
	}
	if (text.len <= SENTENCE_BYTES_MAX)
		return is_final ? text.len : 0;
	return last_space ? last_space : utf8_prefix(text, SENTENCE_BYTES_MAX).len;
}

bool sentence_next(struct span *rest, struct span *out, bool is_final)
{
	struct span text = *rest;
	size_t      n;

	while (text.len && isspace((unsigned char)text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	n = sentence_length(text, is_final);
	if (!n)
		return false;
	*out = span_trim((struct span){text.ptr, n});
	*rest = (struct span){text.ptr + n, text.len - n};
	return true;
}

/* The longest prefix that ends with a whole word. */
static struct span word_prefix(struct span text, size_t max_bytes)
{
	struct span cut = utf8_prefix(text, max_bytes);

	if (cut.len == text.len)
		return text;
	for (size_t n = cut.len; n; n--)
		if (isspace((unsigned char)cut.ptr[n]))
			return span_trim((struct span){cut.ptr, n});
	return cut;
}

struct span sentence_prefix(struct span text, size_t sentences, size_t max_bytes)
{
	struct span rest, one, kept;

	text = span_trim(text);
	rest = text;
	kept = (struct span){text.ptr, 0};
	for (size_t i = 0; i < sentences && sentence_next(&rest, &one, true); i++) {
		size_t end = (size_t)(one.ptr + one.len - text.ptr);

		if (end > max_bytes)
			return kept.len ? kept : word_prefix(text, max_bytes);
		kept.len = end;
	}
	return kept;
}
