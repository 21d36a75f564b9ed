/* percent.c -- decoding in place: what comes out is never longer. */
#include "percent.h"

#include <ctype.h>

static bool is_encoded(const char *at, size_t left)
{
	return left > 2 && at[0] == '%' && isxdigit((unsigned char)at[1]) &&
	       isxdigit((unsigned char)at[2]);
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

size_t percent_decode(char *text, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++, out++) {
		if (is_encoded(text + i, n - i)) {
			text[out] = (char)(digit(text[i + 1]) << 4 | digit(text[i + 2]));
			i += 2;
		} else {
			text[out] = text[i];
		}
	}
	return out;
}
