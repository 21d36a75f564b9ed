/* sentence.c -- where sentences end.
 *
 * One walk from mark to mark (. ! ? … and their CJK forms, line ends). A full
 * stop is doubted: abbreviations, initials, numbers of a list and dots inside
 * words end nothing. Where the same letters may or may not end a sentence
 * ("U.S.", "Inc."), the next word decides: a capitalised stop word ("The") begins
 * one. Languages without these marks fall to the length limit.
 *
 * No more than LOOK_AHEAD characters behind a mark are looked at, whether or not more are here, so
 * that the same text has the same sentences however it arrives. Where fewer are here yet, a verdict
 * is given only if it is the same whatever they will be. */
#include "sentence.h"

#include "abbreviation.h"
#include "words.h"

#include "../../base/unicode.h"
#include "../../base/utf8.h"

#include <ctype.h>

#define LOOK_AHEAD  8u /* characters */
#define CLOSERS_MAX 4u

/* Words that begin sentences; stop words of English do, too. */
static const char starters[] =
	"das,der,die,es,ich,wir,sie,er,ihr,und,aber,dann,danach,wie,was,wann,wenn,bitte,dies,hier,"
	"le,la,les,il,elle,nous,vous,je,on,et,mais,puis,ce,c'est,"
	"el,los,las,yo,usted,ustedes,y,pero,luego,este,esta,es,en,para,si,qué,"
	"il,lo,gli,io,lui,lei,noi,voi,loro,e,ma,poi,allora,quando,come,questo,questa,per,se,che,sì";

/* What stands before an ordinal number in German: "am 3. Mai", "der 2. Versuch". */
static const char before_ordinals[] = "am,der,die,das,den,dem,des,im,vom,zum,zur,beim,ab,bis,seit,"
									  "jeder,jede,jedes,jeden,unser,unsere,mein,meine";
static const char months[] = "januar,februar,märz,april,mai,juni,juli,august,september,oktober,"
							 "november,dezember";

/* Words before which a sentence can be taken apart. */
static const char conjunctions[] =
	"and,but,or,because,so,which,while,when,where,if,although,though,"
	"und,aber,oder,weil,denn,sondern,während,dass,wenn,obwohl,"
	"et,mais,ou,car,parce,puis,donc,lorsque,quand,"
	"y,pero,o,porque,aunque,cuando,mientras,sino,"
	"e,ma,perché,mentre,oppure,però,quando,anche";
#define CLAUSE_PART 3u /* the first piece has at least a third of what it may have */

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
	return c == '"' || c == '\'' || c == ')' || c == ']' || c == 0x2019 || c == 0x201c ||
	       c == 0x201d || c == 0xab || c == 0xbb || c == 0x300d || c == 0x300f || c == 0xff09;
}

static bool is_opener(char c)
{
	return c == '(' || c == '[' || c == '"' || c == '\'';
}

static bool is_space(uint32_t c)
{
	return c == 0xa0 || c == 0x202f || c == 0x3000 || (c < 0x80 && isspace((int)c));
}

/* What stands before the mark, back to white space or an opening bracket or quote. */
static struct span word_before(struct span text, size_t mark_at)
{
	size_t from = mark_at;

	while (from && !isspace((unsigned char)text.ptr[from - 1]) && !is_opener(text.ptr[from - 1]))
		from--;
	return (struct span){text.ptr + from, mark_at - from};
}

/* What follows a mark, as far as it is looked at. */
struct ahead {
	struct span text;
	bool        is_settled; /* nothing that comes later changes it */
	bool        is_end;     /* behind it there is nothing */
};

static struct ahead look_ahead(struct span after, bool is_final)
{
	struct span rest = after;
	unsigned    n = 0;

	while (rest.len && n < LOOK_AHEAD) {
		utf8_next(&rest);
		n++;
	}
	return (struct ahead){.text = {after.ptr, after.len - rest.len},
	                      .is_settled = n == LOOK_AHEAD || is_final,
	                      .is_end = n < LOOK_AHEAD && is_final};
}

static bool is_number(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!isdigit((unsigned char)word.ptr[i]))
			return false;
	return word.len > 0;
}

/* May more of the word come? `rest` is what is here behind it. */
static bool is_open(const struct ahead *a, struct span rest)
{
	return !a->is_settled &&
	       (!rest.len || span_equal(rest, SPAN("'")) || span_equal(rest, SPAN("’")));
}

/* Does the next word, as far as it is here, look like the beginning of a sentence? */
static enum verdict judged_by_next(const struct ahead *a)
{
	struct span rest = a->text, word;

	if (!words_next(&rest, &word)) /* "3 Mio. €" goes on */
		return !a->is_settled ? UNDECIDED : span_trim(a->text).len ? INSIDE : ENDS;
	if (!words_is_capitalised(word))
		return INSIDE;
	if (is_open(a, rest))
		return UNDECIDED; /* "The" may become "Thessaly" */
	return words_is_stop(word) || str_find_item(starters, word, NULL) ? ENDS : INSIDE;
}

/* "z. B.", "p. ej.": the next word is written with a full stop, too. */
static enum verdict judged_by_stop(const struct ahead *a)
{
	struct span next = span_trim(a->text);
	size_t      n = 0;

	while (n < next.len && !isspace((unsigned char)next.ptr[n]))
		n++;
	if (n == next.len && !a->is_settled)
		return UNDECIDED;
	if (n && isdigit((unsigned char)*next.ptr))
		return INSIDE; /* "p. 5" */
	return n > 1 && n < 4 && next.ptr[n - 1] == '.' && (n == 2 || islower((unsigned char)*next.ptr))
	           ? INSIDE
	           : judged_by_next(a);
}

/* Is it a month, or, cut, the beginning of one? */
static bool is_month(struct span word, bool is_cut)
{
	struct span rest = span_of(months), month;

	while (str_next_item(&rest, &month)) {
		if (is_cut && word.len < month.len)
			month.len = word.len;
		if (span_equal_nocase(month, word))
			return true;
	}
	return false;
}

/* A number with a full stop: of a list ("1. First"), or in German an ordinal. */
static enum verdict judge_number(struct span text, struct span number, const struct ahead *a)
{
	struct span before = span_trim((struct span){text.ptr, (size_t)(number.ptr - text.ptr)});
	struct span next = a->text, word, last;

	if (!before.len)
		return a->is_end && !span_trim(a->text).len ? ENDS : INSIDE;
	if (number.len > 3)
		return ENDS;
	if (!words_next(&next, &word))
		return a->is_settled ? ENDS : UNDECIDED;
	if (is_month(word, !next.len && !a->is_end))
		return is_open(a, next) ? UNDECIDED : INSIDE;
	last = word_before(text, (size_t)(before.ptr + before.len - text.ptr));
	if (isdigit((unsigned char)*word.ptr) && last.len > 1 && last.ptr[last.len - 1] == '.' &&
	    is_number((struct span){last.ptr, last.len - 1}))
		return INSIDE; /* "1. 5. 2027" */
	return str_find_item(before_ordinals, last, NULL) ? judged_by_next(a) : ENDS;
}

static enum verdict judge_counted(const struct ahead *a)
{
	struct span next = span_trim(a->text);

	if (!next.len)
		return a->is_settled ? ENDS : UNDECIDED;
	return isdigit((unsigned char)*next.ptr) || islower((unsigned char)*next.ptr) ? INSIDE : ENDS;
}

/* A single full stop behind `word`. */
static enum verdict judge_stop(struct span text, struct span word, const struct ahead *a)
{
	enum abbreviation kind = abbreviation_of(word, NULL);

	if (is_number(word))
		return judge_number(text, word, a);
	if (kind == ABBREVIATION_COUNTED)
		return judge_counted(a);
	if (kind == ABBREVIATION_INNER)
		return a->is_end && !span_trim(a->text).len ? ENDS : INSIDE;
	if (kind == ABBREVIATION_OUTER)
		return judged_by_next(a);
	if (word.len == 1 && isalpha((unsigned char)*word.ptr) && *word.ptr != 'I')
		return judged_by_stop(a);
	return ENDS;
}

/* "Sure" and "sure", but nothing that has a dot, a digit or an inner capital in it. */
static bool is_plain_word(struct span word)
{
	struct span rest = word;
	size_t      n = 0;

	while (rest.len) {
		uint32_t c = utf8_next(&rest);

		if (!unicode_is_word(c) || (c < 0x80 && !isalpha((int)c)) || (n && unicode_is_upper(c)))
			return false;
		n++;
	}
	return n > 1;
}

/* Marks with no space behind them: "one.Two" is two sentences, "example.com", "Ph.D" and
 * "www.Page.com" are none. */
static enum verdict judge_glued(struct span word, const struct ahead *a)
{
	struct span rest = a->text;
	uint32_t    first = utf8_next(&rest), c = utf8_next(&rest);
	bool        is_i = first == 'I' && (is_space(c) || c == '\'' || c == 0x2019);

	if (!unicode_is_upper(first) || !is_plain_word(word) || abbreviation_of(word, NULL))
		return INSIDE;
	if (!c)
		return a->is_settled ? INSIDE : UNDECIDED;
	if (!is_i && (!unicode_is_word(c) || (c < 0x80 && !islower((int)c)) || unicode_is_upper(c)))
		return INSIDE;
	while (c == '\'' || c == 0x2019 || (unicode_is_word(c) && !(c < 0x80 && isdigit((int)c))))
		c = utf8_next(&rest);
	if (!c)
		return a->is_settled ? ENDS : UNDECIDED;
	if (c == '.' && !rest.len)
		return !a->is_settled ? UNDECIDED : a->is_end ? ENDS : INSIDE;
	if (c == '.')
		return is_space(utf8_next(&rest)) ? ENDS : INSIDE;
	return is_space(c) || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' ? ENDS : INSIDE;
}

/* Do only spaces stand before the end of the line? */
static bool line_ends(struct span ahead)
{
	for (size_t i = 0; i < ahead.len; i++)
		if (ahead.ptr[i] == '\n' || !isspace((unsigned char)ahead.ptr[i]))
			return ahead.ptr[i] == '\n';
	return false;
}

/* Is something quoted « so », and not »so«? */
static bool quotes_in_french(struct span text)
{
	const char *opening = memmem(text.ptr, text.len, "«", 2);

	return opening && !memmem(text.ptr, (size_t)(opening - text.ptr), "»", 2);
}

static bool is_one_space(struct span ahead)
{
	return is_space(utf8_next(&ahead)) && !ahead.len;
}

/* What a run of marks at [from, to) with closers up to `closed` means. */
static enum verdict judge(struct span text, size_t from, size_t to, size_t closed, bool is_final)
{
	struct ahead a = look_ahead((struct span){text.ptr + closed, text.len - closed}, is_final);
	struct span  next = span_trim(a.text), peek = a.text;
	struct span  marks = {text.ptr + from, to - from};
	bool         is_single_stop = span_equal(marks, SPAN("."));
	bool         trails_off = span_starts(marks, SPAN("..")) || span_starts(marks, SPAN("…"));

	if (!a.text.len)
		return is_final ? ENDS : UNDECIDED;
	if (!a.is_settled && is_one_space(a.text) && quotes_in_french((struct span){text.ptr, closed}))
		return UNDECIDED;
	if (line_ends(a.text))
		return ENDS;
	if ((unsigned char)text.ptr[from] >= 0x80 && !trails_off)
		return ENDS; /* wide marks need no space */
	if (!is_space(utf8_next(&peek)))
		return trails_off ? INSIDE : judge_glued(word_before(text, from), &a);
	if (!next.len && (trails_off || closed > to))
		return a.is_settled ? ENDS : UNDECIDED;
	if ((trails_off || closed > to) && islower((unsigned char)next.ptr[0]))
		return INSIDE; /* "Well... maybe", "\"Why?\" she asked" */
	return is_single_stop ? judge_stop(text, word_before(text, from), &a) : ENDS;
}

/* "« Oui ! »": there the space belongs to what closes it. */
static void skip_french_closer(struct span text, size_t *at)
{
	struct span rest = {text.ptr + *at, text.len - *at};

	if (!quotes_in_french((struct span){text.ptr, *at}) || !is_space(utf8_next(&rest)))
		return;
	if (utf8_next(&rest) == 0xbb)
		*at = text.len - rest.len;
}

/* Moves *at over the run of marks and then of closers; returns where the marks end. */
static size_t skip_marks(struct span text, size_t *at)
{
	struct span rest = {text.ptr + *at, text.len - *at}, ahead = rest;
	size_t      marks_end, closers_n = 0;

	while (ahead.len && is_mark(utf8_next(&ahead)))
		rest = ahead;
	marks_end = text.len - rest.len;
	ahead = rest;
	while (ahead.len && closers_n++ < CLOSERS_MAX && is_closer(utf8_next(&ahead)))
		rest = ahead;
	*at = text.len - rest.len;
	skip_french_closer(text, at);
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

static struct span without_space(struct span text)
{
	while (text.len && isspace((unsigned char)text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	return text;
}

/* The first n bytes of text, off the front of *rest. */
static bool take(struct span *rest, struct span text, size_t n, struct span *out)
{
	*out = span_trim((struct span){text.ptr, n});
	*rest = (struct span){text.ptr + n, text.len - n};
	return n > 0;
}

bool sentence_next(struct span *rest, struct span *out, bool is_final)
{
	struct span text = without_space(*rest);
	size_t      n = sentence_length(text, is_final);

	return n && take(rest, text, n, out);
}

/* ---- clauses ---- */

/* A comma and what is like it, with a space behind it where the language has spaces. */
static bool ends_clause(uint32_t c, struct span behind)
{
	if (c == 0x3001 || c == 0xff0c || c == 0xff1b) /* 、，； */
		return true;
	if (c != ',' && c != ';' && c != ':' && c != 0x2013 && c != 0x2014)
		return false;
	return behind.len && is_space(utf8_next(&behind));
}

/* Where in these many bytes the first piece ends best: behind a comma or a dash, before a
 * conjunction, behind a word, in it. The text goes on behind them. */
static size_t clause_length(struct span text, size_t max_bytes)
{
	size_t      most = utf8_prefix(text, max_bytes).len, least = most / CLAUSE_PART;
	size_t      comma = 0, conjunction = 0, space = 0;
	struct span rest = text, word;

	while (text.len - rest.len < most) {
		size_t   at = text.len - rest.len;
		uint32_t c = utf8_next(&rest);
		size_t   end = text.len - rest.len;

		if (end <= most && ends_clause(c, rest))
			comma = end;
		if (!is_space(c))
			continue;
		space = at;
		word = rest;
		if (end < most && words_next(&word, &word) && word.ptr == rest.ptr &&
		    word.ptr + word.len < text.ptr + most && str_find_item(conjunctions, word, NULL))
			conjunction = at;
	}
	if (comma > least)
		return comma;
	if (conjunction > least)
		return conjunction;
	return space ? space : most;
}

bool sentence_clause(struct span *rest, size_t max_bytes, struct span *out, bool is_final)
{
	struct span text = without_space(*rest);
	size_t      n = sentence_length(text, is_final);

	if (n && n <= max_bytes)
		return take(rest, text, n, out);
	if (text.len <= max_bytes + SENTENCE_AHEAD_BYTES && !is_final)
		return false;
	return text.len > 0 && take(rest, text, clause_length(text, max_bytes), out);
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
