/* str.h -- text helpers: a growing buffer with a maximum, numbers, lists.
 *
 * Where case matters, ASCII letters are meant. */
#ifndef STR_H
#define STR_H

#include "arena.h"

/* A byte buffer in an arena, always NUL-terminated behind `len`. What would
 * grow it past `max` is dropped and `is_full` set, so that a caller checks
 * once at the end. `max` 0 means 1 MiB. */
struct buf {
	struct arena *arena;
	char         *ptr;
	size_t        len, cap, max;
	bool          is_full;
};

/* Building up. */
struct buf  buf_new(struct arena *a, size_t max);
void        buf_add(struct buf *b, const char *bytes, size_t n);
void        buf_str(struct buf *b, const char *s);
void        buf_char(struct buf *b, char c);
void        buf_hex(struct buf *b, const void *bytes, size_t n); /* two lower-case digits each */
void        buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
struct span buf_span(const struct buf *b);

/* Takes up n bytes more, which the caller fills at once; NULL when that passes the maximum. */
char *buf_extend(struct buf *b, size_t n);

/* The text so far, NUL-terminated; "" when nothing was added. */
const char *buf_text(const struct buf *b) NEVER_NULL;

/* Spans. */
struct span span_of(const char *s); /* of a NUL-terminated string */
bool        span_equal(struct span a, struct span b);
bool        span_equal_nocase(struct span a, struct span b); /* ASCII letters only */
bool        span_starts(struct span s, struct span prefix);
bool        span_starts_nocase(struct span s, struct span prefix);
struct span span_trim(struct span s); /* without ASCII white space around */

bool str_equal(const char *a, const char *b);        /* NULL equals only NULL */
bool str_equal_nocase(const char *a, const char *b); /* ASCII letters only; no NULLs */
bool str_is_blank(const char *s);                    /* NULL, empty or white space */

/* Walks a comma list: each trimmed, non-empty item; false at the end. Start with *rest = list. */
bool str_next_item(struct span *rest, struct span *item_out);

/* Is there an item with this name in a comma list as "a,b=c"? What is behind '=' goes to *value_out
 * (may be NULL), which else stays as it is. */
bool str_find_item(const char *list, struct span name, struct span *value_out);

/* The whole text as a number: false when it is anything else or out of range. */
bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out) CHECKED;
bool str_to_double(const char *s, double *out) CHECKED;

/* 8-4-4-4-12 hex digits, any case. */
bool str_is_uuid(const char *s);

/* In lower case (ASCII letters), in memory that is cleared when the arena lets go of it: an address
 * is the same in capitals. */
struct span str_lower_secret(struct arena *a, const char *text);

#endif
