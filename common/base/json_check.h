/* json_check.h -- is a text JSON after RFC 8259, and which numbers does it hold? */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include "arena.h"
#include "str.h"

enum { JSON_DEPTH_MAX = 32, JSON_VALUES_MAX = 100000, JSON_NUMBER_MAX = 1000 };

/* The texts of a JSON's numbers, in their order. */
struct json_numbers {
	struct span *at;
	size_t       n, longest;
	size_t       exponents; /* digits that more are written, at most, where none has an exponent */
};

/* What is wrong with a text, a short sentence that is safe to show ("has ..."), and where. */
struct json_fault {
	const char *what; /* NULL: nothing */
	size_t      at;   /* bytes before it */
};

/* Strict: one value after RFC 8259 in valid UTF-8, without U+0000 and lone surrogates; depth,
 * values and the characters of a number within the maxima above; no number beyond a double's
 * range, be it too large or so small that it were 0. The spans point into the text. */
struct json_fault json_check(struct arena *a, struct span text, struct json_numbers *out);

/* The four hex digits of "\uXXXX" at p (the backslash); -1 when it is not one. */
int json_escaped_unit(const char *p, const char *end);

#endif
