/* utf8.h -- UTF-8 after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include "base.h"

/* Of a whole text. */
bool   utf8_is_valid(struct span text);
size_t utf8_valid_bytes(struct span text); /* before what is none; the length where all is */
size_t utf8_length(struct span text);      /* code points; the text is valid */

/* Takes one code point off the front of valid text. Returns 0 at the end. */
uint32_t utf8_next(struct span *rest);

/* Appends one code point to out (up to 4 bytes); returns how many. */
size_t utf8_encode(uint32_t code_point, char out[4]);

/* The longest prefix of valid text that has at most max_bytes bytes. */
struct span utf8_prefix(struct span text, size_t max_bytes);

#endif
