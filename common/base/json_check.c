/* json_check.c -- RFC 8259 as a machine that reads a text once.
 *
 * What may come next is a state; what is open is a bit per level (object or array), so depth costs
 * no stack. The parser behind it (json_in.c) is laxer than the grammar and is given nothing that
 * did not pass here. */
#include "json_check.h"

#include "utf8.h"

#include <math.h>

/* A double's exponents, and as much again as the longest mantissa may shift them. PostgreSQL, which
 * keeps a zero's digits too, has an end of its own for them. */
#define EXPONENT_MAX (350 + JSON_NUMBER_MAX)

#define EACH_BYTE(c) (0x0101010101010101u * (uint64_t)(c))

enum next { NEXT_VALUE, NEXT_VALUE_OR_END, NEXT_NAME, NEXT_NAME_OR_END, NEXT_COLON, NEXT_COMMA };

struct scan {
	const char          *p, *end, *fault_at;
	const char          *fault; /* NULL: none so far */
	struct arena        *arena;
	struct json_numbers *numbers;
	size_t               room, values;
	enum next            next;
	uint64_t             is_object; /* a bit for each level, the innermost lowest */
	int                  depth;
};

_Static_assert(JSON_DEPTH_MAX < 64, "a level is a bit");

static void fault(struct scan *s, const char *at, const char *what)
{
	s->fault = what;
	s->fault_at = at;
}

/* ---- strings ---- */

/* Are the next eight bytes neither a control character nor a quote nor a backslash? */
static bool are_plain(const char *p)
{
	uint64_t word, quote, slash;

	memcpy(&word, p, sizeof(word));
	quote = word ^ EACH_BYTE('"');
	slash = word ^ EACH_BYTE('\\');
	return !((((word - EACH_BYTE(0x20)) & ~word) | ((quote - EACH_BYTE(1)) & ~quote) |
	          ((slash - EACH_BYTE(1)) & ~slash)) &
	         EACH_BYTE(0x80));
}

int json_escaped_unit(const char *p, const char *end)
{
	int unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = (unsigned char)p[i], low = c | 0x20;

		if (c >= '0' && c <= '9')
			unit = unit << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			unit = unit << 4 | (low - 'a' + 10);
		else
			return -1;
	}
	return unit;
}

static void take_unit(struct scan *s)
{
	int high = json_escaped_unit(s->p, s->end), low;

	if (high < 0)
		return fault(s, s->p, "has a \\u without four hex digits");
	if (high == 0)
		return fault(s, s->p, "contains U+0000");
	if (high < 0xd800 || high > 0xdfff) {
		s->p += 6;
		return;
	}
	low = high < 0xdc00 ? json_escaped_unit(s->p + 6, s->end) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return fault(s, s->p, "has a lone surrogate");
	s->p += 12;
}

static void take_escape(struct scan *s)
{
	char c = s->end - s->p > 1 ? s->p[1] : '\0';

	if (c == 'u')
		take_unit(s);
	else if (c && strchr("\"\\/bfnrt", c))
		s->p += 2;
	else
		fault(s, s->p, "has an unknown escape in a string");
}

static void take_string(struct scan *s)
{
	const char *begin = s->p++;

	while (!s->fault) {
		while (s->end - s->p >= 8 && are_plain(s->p))
			s->p += 8;
		if (s->p == s->end)
			return fault(s, begin, "has a string without an end");
		if (*s->p == '"') {
			s->p++;
			return;
		}
		if (*s->p == '\\')
			take_escape(s);
		else if ((unsigned char)*s->p >= 0x20)
			s->p++;
		else
			fault(s, s->p, *s->p ? "has a control character in a string" : "contains U+0000");
	}
}

/* ---- numbers ---- */

/* How many digits from p on. */
static size_t digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* Where the number at p ends by the grammar; NULL when it does not follow it. */
static const char *number_end(const char *p, const char *end)
{
	size_t n;

	p += *p == '-';
	n = digits(p, end);
	if (n == 0 || (n > 1 && *p == '0'))
		return NULL;
	p += n;
	if (p < end && *p == '.') {
		n = digits(p + 1, end);
		if (n == 0)
			return NULL;
		p += 1 + n;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p += 1 + (p + 1 < end && (p[1] == '+' || p[1] == '-'));
		n = digits(p, end);
		if (n == 0)
			return NULL;
		p += n;
	}
	return p;
}

/* The exponent's digits, behind the e; NULL without one. */
static const char *exponent_of(struct span number)
{
	for (size_t i = 0; i < number.len; i++)
		if (number.ptr[i] == 'e' || number.ptr[i] == 'E')
			return number.ptr + i + 1;
	return NULL;
}

/* Without its sign, at most EXPONENT_MAX + 1. */
static size_t exponent_size(struct span number)
{
	const char *p = exponent_of(number), *end = number.ptr + number.len;
	size_t      size = 0;

	if (!p)
		return 0;
	for (p += *p == '-' || *p == '+'; p < end && size <= EXPONENT_MAX; p++)
		size = size * 10 + (size_t)(*p - '0');
	return size < EXPONENT_MAX + 1 ? size : EXPONENT_MAX + 1;
}

static bool is_zero(struct span number)
{
	for (size_t i = 0; i < number.len && number.ptr[i] != 'e' && number.ptr[i] != 'E'; i++)
		if (number.ptr[i] >= '1' && number.ptr[i] <= '9')
			return false;
	return true;
}

/* A short one without an exponent always is. */
static bool is_in_range(struct span number)
{
	char   text[JSON_NUMBER_MAX + 1];
	double value;

	if (number.len < 300 && !exponent_of(number))
		return true;
	if (exponent_size(number) > EXPONENT_MAX)
		return false;
	memcpy(text, number.ptr, number.len);
	text[number.len] = '\0';
	value = strtod(text, NULL);
	return isfinite(value) && (value != 0 || is_zero(number));
}

static void keep_number(struct scan *s, struct span number)
{
	struct json_numbers *out = s->numbers;

	if (out->n == s->room) {
		struct span *more;

		s->room = s->room ? 2 * s->room : 16;
		more = NEW_ARRAY(s->arena, struct span, s->room);
		if (out->n)
			memcpy(more, out->at, out->n * sizeof(*more));
		out->at = more;
	}
	out->at[out->n++] = number;
	out->exponents += exponent_size(number);
	if (number.len > out->longest)
		out->longest = number.len;
}

static void take_number(struct scan *s)
{
	const char *end = number_end(s->p, s->end);
	struct span number = {s->p, end ? (size_t)(end - s->p) : 0};

	if (!end)
		return fault(s, s->p, "has a number that is not written as JSON writes them");
	if (number.len > JSON_NUMBER_MAX)
		return fault(s, s->p, "has a number that is too long");
	if (!is_in_range(number))
		return fault(s, s->p, "has a number beyond the range of a double");
	keep_number(s, number);
	s->p = end;
}

/* ---- values ---- */

static void take_word(struct scan *s, struct span word)
{
	if (!span_starts((struct span){s->p, (size_t)(s->end - s->p)}, word))
		return fault(s, s->p, "has a word that is not true, false or null");
	s->p += word.len;
}

static void open_level(struct scan *s, bool is_object)
{
	if (s->depth == JSON_DEPTH_MAX)
		return fault(s, s->p, "is nested too deeply");
	s->depth++;
	s->is_object = s->is_object << 1 | is_object;
	s->next = is_object ? NEXT_NAME_OR_END : NEXT_VALUE_OR_END;
	s->p++;
}

static void close_level(struct scan *s)
{
	s->depth--;
	s->is_object >>= 1;
	s->next = NEXT_COMMA;
	s->p++;
}

static void take_value(struct scan *s)
{
	if (++s->values > JSON_VALUES_MAX)
		return fault(s, s->p, "has too many values");
	s->next = NEXT_COMMA;
	switch (*s->p) {
	case '{':
	case '[':
		return open_level(s, *s->p == '{');
	case '"':
		return take_string(s);
	case 't':
		return take_word(s, SPAN("true"));
	case 'f':
		return take_word(s, SPAN("false"));
	case 'n':
		return take_word(s, SPAN("null"));
	default:
		if (*s->p != '-' && digits(s->p, s->end) == 0)
			return fault(s, s->p, "has something else where a value belongs");
		take_number(s);
	}
}

static void take_name(struct scan *s)
{
	if (*s->p != '"')
		return fault(s, s->p, "has something else where a member's name in quotes belongs");
	take_string(s);
	s->next = NEXT_COLON;
}

static void take_colon(struct scan *s)
{
	if (*s->p != ':')
		return fault(s, s->p, "has something else where a colon belongs");
	s->next = NEXT_VALUE;
	s->p++;
}

static void take_comma(struct scan *s)
{
	bool in_object = s->is_object & 1;

	if (s->depth == 0)
		return fault(s, s->p, "has something behind its end");
	if (*s->p == (in_object ? '}' : ']'))
		return close_level(s);
	if (*s->p != ',')
		return fault(s, s->p, "has something else where a comma or an end belongs");
	s->next = in_object ? NEXT_NAME : NEXT_VALUE;
	s->p++;
}

static void take_token(struct scan *s)
{
	switch (s->next) {
	case NEXT_VALUE_OR_END:
		return *s->p == ']' ? close_level(s) : take_value(s);
	case NEXT_VALUE:
		return take_value(s);
	case NEXT_NAME_OR_END:
		return *s->p == '}' ? close_level(s) : take_name(s);
	case NEXT_NAME:
		return take_name(s);
	case NEXT_COLON:
		return take_colon(s);
	case NEXT_COMMA:
		return take_comma(s);
	}
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct json_fault json_check(struct arena *a, struct span text, struct json_numbers *out)
{
	struct scan s = {.p = text.ptr, .end = text.ptr + text.len, .arena = a, .numbers = out};

	*out = (struct json_numbers){.n = 0};
	if (!utf8_is_valid(text))
		return (struct json_fault){"is not valid UTF-8", utf8_valid_bytes(text)};
	while (s.p < s.end && !s.fault)
		if (is_white(*s.p))
			s.p++;
		else
			take_token(&s);
	if (!s.fault && (s.depth || s.next != NEXT_COMMA))
		fault(&s, s.end, "ends before it is whole");
	return (struct json_fault){s.fault, s.fault ? (size_t)(s.fault_at - text.ptr) : 0};
}
