/* settled.c -- a walk from mark to mark that stops at the first whose meaning is still open.
 *
 * What the matchers of spoken_text.c look at is known in its extent: a mark is settled once its
 * other half and the next character behind that are here, or can not come any more. Up to that
 * character nothing is given away, for a cut in between would be read otherwise. */
#include "settled.h"

#include "aside.h"

#include "../../base/str.h"

#include <ctype.h>

enum { LABEL_MAX = 200, URL_MAX = 500, CITATION_MAX = 40, ENTITY_MAX = 10, LINE_MARK_BYTES = 8 };

struct look {
	struct span text;
	size_t      at, barrier; /* nothing before or at the barrier is settled by itself */
	size_t      run_end;     /* of the marks of a line that were looked through */
	bool        at_line_start;
};

static bool has(const struct look *l, size_t n)
{
	return l->text.len - l->at > n;
}

static char peek(const struct look *l, size_t n)
{
	return has(l, n) ? l->text.ptr[l->at + n] : '\0';
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The first character at or behind `from` that is not white space is what decides. */
static bool raise_barrier(struct look *l, size_t from)
{
	while (from < l->text.len && isspace((unsigned char)l->text.ptr[from]))
		from++;
	if (from >= l->text.len)
		return false;
	if (from > l->barrier)
		l->barrier = from;
	return true;
}

/* What may end with `close` within so many bytes of its line. White space never begins it. */
static bool pair_is_known(struct look *l, char close, size_t max)
{
	if (isspace((unsigned char)peek(l, 1 + (peek(l, 1) == peek(l, 0)))))
		return true;
	for (size_t n = 2; n <= max + 2; n++) {
		if (!has(l, n))
			return false;
		if (peek(l, n) == '\n')
			return true;
		if (peek(l, n) == close)
			return raise_barrier(l, l->at + n + 1 + (peek(l, n + 1) == close));
	}
	return true;
}

/* [label](url), [1], [pause:1s]; [TOOL_CALL] is never known. */
static bool bracket_is_known(struct look *l)
{
	struct span rest = {l->text.ptr + l->at, l->text.len - l->at};
	const char *close = memchr(rest.ptr, ']', rest.len < LABEL_MAX ? rest.len : LABEL_MAX), *end;
	size_t      left;

	if (!close || span_starts_nocase(rest, SPAN("[TOOL_")) ||
	    span_starts_nocase(rest, SPAN("[/TOOL_")) || span_starts_nocase(rest, SPAN("[FUNCTION_")))
		return !close && rest.len > LABEL_MAX;
	left = (size_t)(rest.ptr + rest.len - close);
	if (left > 1 && close[1] == '(') {
		end = memchr(close, ')', left < URL_MAX ? left : URL_MAX);
		return end ? raise_barrier(l, (size_t)(end - l->text.ptr) + 1) : left > URL_MAX;
	}
	return raise_barrier(l, (size_t)(close - l->text.ptr) + 1);
}

/* A word that may be a tool's name, or the number of a list, waits for what follows it. */
static bool word_is_known(const struct look *l, size_t *len_out)
{
	bool   is_number = true, has_line = false;
	size_t n = 0;

	for (; is_name_char(peek(l, n)); n++) {
		is_number &= isdigit((unsigned char)peek(l, n)) != 0;
		has_line |= peek(l, n) == '_';
	}
	*len_out = n;
	if (!has(l, n) || has_line)
		return false;
	if (!l->at_line_start || !is_number || n > 2 || (peek(l, n) != '.' && peek(l, n) != ')'))
		return true;
	return has(l, n + 1) &&
	       (peek(l, n + 1) != ' ' || !span_equal((struct span){l->text.ptr + l->at, n}, SPAN("1")));
}

/* Headings, bullets and lines that only draw: told by what ends the run of such marks. */
static bool line_is_known(struct look *l)
{
	size_t n = l->run_end > l->at ? l->run_end - l->at : 0;

	while (peek(l, n) && strchr("|:-+=_*~#> \t", peek(l, n)))
		n++;
	l->run_end = l->at + n;
	return n == 0 || has(l, n + LINE_MARK_BYTES) || peek(l, n) == '\n' ||
	       (has(l, n) && peek(l, n) != '[');
}

static bool entity_is_known(const struct look *l)
{
	for (size_t n = 1; n < ENTITY_MAX; n++)
		if (!has(l, n))
			return false;
		else if (peek(l, n) == ';' || peek(l, n) == ' ')
			return true;
	return true;
}

static bool brace_is_known(struct look *l)
{
	size_t n = 1;

	while (isspace((unsigned char)peek(l, n)))
		n++;
	return has(l, n) && peek(l, n) != '"' && pair_is_known(l, '}', ASIDE_MAX);
}

/* <3 and "5 < 6" are no tags. */
static bool angle_is_known(struct look *l)
{
	char next = peek(l, 1);

	return has(l, 1) && !isalpha((unsigned char)next) && !strchr("/!|", next) &&
	       pair_is_known(l, '>', ASIDE_MAX);
}

static bool mark_is_known(struct look *l)
{
	struct span rest = {l->text.ptr + l->at, l->text.len - l->at};

	switch (peek(l, 0)) {
	case '[':
		return bracket_is_known(l);
	case '!':
		if (peek(l, 1) != '[')
			return has(l, 1);
		l->at++;
		if (bracket_is_known(l))
			return l->at--, true;
		l->at--;
		return false;
	case '(':
		return pair_is_known(l, ')', ASIDE_MAX);
	case '*':
		return pair_is_known(l, '*', ASIDE_MAX);
	case '{':
		return brace_is_known(l);
	case '<':
		return angle_is_known(l);
	case '`':
		return has(l, 2) && !span_starts(rest, SPAN("```"));
	case '&':
		return entity_is_known(l);
	case '\\':
	case '~':
		return has(l, 1);
	default:
		return !span_starts(rest, SPAN("【")) || rest.len > CITATION_MAX;
	}
}

static bool step(struct look *l)
{
	char   c = peek(l, 0);
	size_t n = 1;

	if (l->at_line_start && !line_is_known(l))
		return false;
	if (is_name_char(c) ? !word_is_known(l, &n) : !mark_is_known(l))
		return false;
	l->at += n;
	if (c == '\n')
		l->at_line_start = true;
	else if (!isspace((unsigned char)c) && !strchr("|:-+=*~#>", c))
		l->at_line_start = false;
	return true;
}

size_t settled_bytes(struct span text, size_t *word_out)
{
	struct look l = {.text = text, .at_line_start = true};
	size_t      settled = 0, n;

	*word_out = 0;
	while (l.at < text.len && step(&l))
		if (!l.barrier || l.at > l.barrier)
			settled = l.at;
	for (n = 0; isalnum((unsigned char)peek(&l, n)); n++)
		;
	if (settled == l.at)
		*word_out = n;
	while (settled && settled < text.len && ((unsigned char)text.ptr[settled] & 0xc0) == 0x80)
		settled--; /* not inside a character */
	return settled;
}
