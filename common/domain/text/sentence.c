/* sentence.c -- where sentences end.
 *
 * One walk from mark to mark (. ! ? … and their CJK forms, line ends). A full
 * stop is doubted: abbreviations, initials, numbers of a list and dots inside
 * words end nothing. Where the same letters may or may not end a sentence
 * ("U.S.", "Inc."), the next word decides: a capitalised stop word ("The") begins
 * one. Languages without these marks fall to the length limit. */
#include "sentence.h"

#include "abbreviation.h"
#include "words.h"

#include "../../base/utf8.h"

#include <ctype.h>

/* Words that begin sentences; stop words of English do, too. */
static const char starters[] =
	"das,der,die,es,ich,wir,sie,er,ihr,und,aber,dann,danach,wie,was,wann,wenn,bitte,dies,hier,"
	"le,la,les,il,elle,nous,vous,je,on,et,mais,puis,ce,c'est,"
	"el,los,las,yo,usted,ustedes,y,pero,luego,este,esta,es,en,para,si,qué";

/* What stands before an ordinal number in German: "am 3. Mai", "der 2. Versuch". */
static const char before_ordinals[] = "am,der,die,das,den,dem,des,im,vom,zum,zur,beim,ab,bis,seit,"
									  "jeder,jede,jedes,jeden,unser,unsere,mein,meine";
static const char months[] = "januar,februar,märz,april,mai,juni,juli,august,september,oktober,"
							 "november,dezember";

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

	if (!words_next(&rest, &word)) /* "3 Mio. €" goes on */
		return !is_final ? UNDECIDED : span_trim(after).len ? INSIDE : ENDS;
	if (!words_is_capitalised(word))
		return INSIDE;
	if (!rest.len && !is_final)
		return UNDECIDED; /* "The" may become "Thessaly" */
	return words_is_stop(word) || str_find_item(starters, word, NULL) ? ENDS : INSIDE;
}

/* "z. B.", "p. ej.": the next word is written with a full stop, too. */
static enum verdict judged_by_stop(struct span after, bool is_final)
{
	struct span next = span_trim(after);
	size_t      n = 0;

	while (n < next.len && !isspace((unsigned char)next.ptr[n]))
		n++;
	if (n == next.len && !is_final)
		return UNDECIDED;
	if (n && isdigit((unsigned char)*next.ptr))
		return INSIDE; /* "p. 5" */
	return n > 1 && n < 4 && next.ptr[n - 1] == '.' && (n == 2 || islower((unsigned char)*next.ptr))
	           ? INSIDE
	           : judged_by_next(after, is_final);
}

/* A number with a full stop: of a list ("1. First"), or in German an ordinal. */
static enum verdict judge_number(struct span text, struct span number, struct span after,
                                 bool is_final)
{
	struct span before = span_trim((struct span){text.ptr, (size_t)(number.ptr - text.ptr)});
	struct span next = after, word;

	if (!before.len)
		return span_trim(after).len || !is_final ? INSIDE : ENDS;
	if (number.len > 3 || (!words_next(&next, &word) && is_final))
		return ENDS;
	if (!next.len && !is_final)
		return UNDECIDED;
	if (str_find_item(months, word, NULL))
		return INSIDE;
	return str_find_item(before_ordinals,
	                     word_before(text, (size_t)(before.ptr + before.len - text.ptr)), NULL)
	           ? judged_by_next(after, is_final)
	           : ENDS;
}

static enum verdict judge_counted(struct span after, bool is_final)
{
	struct span next = span_trim(after);

	if (!next.len)
		return is_final ? ENDS : UNDECIDED;
	return isdigit((unsigned char)*next.ptr) || islower((unsigned char)*next.ptr) ? INSIDE : ENDS;
}

/* A single full stop behind `word`. */
static enum verdict judge_stop(struct span text, struct span word, struct span after, bool is_final)
{
	enum abbreviation kind = abbreviation_of(word, NULL);

	if (is_number(word))
		return judge_number(text, word, after, is_final);
	if (kind == ABBREVIATION_COUNTED)
		return judge_counted(after, is_final);
	if (kind == ABBREVIATION_INNER)
		return span_trim(after).len || !is_final ? INSIDE : ENDS;
	if (kind == ABBREVIATION_OUTER)
		return judged_by_next(after, is_final);
	if (word.len == 1 && isalpha((unsigned char)*word.ptr) && *word.ptr != 'I')
		return judged_by_stop(after, is_final);
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
