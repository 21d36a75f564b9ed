/* base.h -- attributes and tiny types every other header uses. */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKED      __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NEVER_NULL   __attribute__((returns_nonnull))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes someone else owns. Not NUL-terminated by contract; never freed. */
struct span {
	const char *ptr;
	size_t      len;
};
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

#endif
