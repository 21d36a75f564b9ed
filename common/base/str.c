/* str.c -- text helpers. */
#include "str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <strings.h>

#define DEFAULT_MAX ((size_t)1 << 20)
#define FIRST_CAP   256u

struct buf buf_new(struct arena *a, size_t max)
{
	return (struct buf){.arena = a, .max = max ? max : DEFAULT_MAX};
}

/* Room for n more bytes and the NUL; false when that passes the maximum. */
static bool reserve(struct buf *b, size_t n)
{
	size_t need = b->len + n, cap = b->cap ? b->cap : FIRST_CAP;
	char  *moved;

	if (n > b->max || need > b->max) {
		b->is_full = true;
		return false;
	}
	if (b->ptr && need < b->cap)
		return true;
	while (cap <= need)
		cap *= 2;
	moved = arena_alloc_raw(b->arena, cap);
	if (b->len)
		memcpy(moved, b->ptr, b->len);
	moved[b->len] = '\0';
	b->ptr = moved;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const char *bytes, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;
	memcpy(b->ptr + b->len, bytes, n);
	b->len += n;
	b->ptr[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

char *buf_extend(struct buf *b, size_t n)
{
	char *at;

	if (!reserve(b, n))
		return NULL;
	at = b->ptr + b->len;
	b->len += n;
	b->ptr[b->len] = '\0';
	return at;
}

void buf_hex(struct buf *b, const void *bytes, size_t n)
{
	static const char    digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	char                *out = buf_extend(b, 2 * n);

	for (size_t i = 0; out && i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	int     n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n > 0 && reserve(b, (size_t)n)) {
		vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

struct span buf_span(const struct buf *b)
{
	return (struct span){buf_text(b), b->len};
}

const char *buf_text(const struct buf *b)
{
	return b->ptr ? b->ptr : "";
}

struct span span_of(const char *s)
{
	return (struct span){s, strlen(s)};
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal((struct span){s.ptr, prefix.len}, prefix);
}

bool span_starts_nocase(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal_nocase((struct span){s.ptr, prefix.len}, prefix);
}

struct span span_trim(struct span s)
{
	while (s.len && isspace((unsigned char)s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_equal_nocase(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool str_is_blank(const char *s)
{
	return !s || span_trim(span_of(s)).len == 0;
}

bool str_next_item(struct span *rest, struct span *item_out)
{
	while (rest->len) {
		const char *comma = memchr(rest->ptr, ',', rest->len);
		size_t      n = comma ? (size_t)(comma - rest->ptr) : rest->len;
		size_t      taken = comma ? n + 1 : n;

		*item_out = span_trim((struct span){rest->ptr, n});
		rest->ptr += taken;
		rest->len -= taken;
		if (item_out->len)
			return true;
	}
	return false;
}

bool str_find_item(const char *list, struct span name, struct span *value_out)
{
	struct span rest = span_of(list), item;

	while (str_next_item(&rest, &item)) {
		const char *value = memchr(item.ptr, '=', item.len);
		size_t      n = value ? (size_t)(value - item.ptr) : item.len;

		if (!span_equal_nocase((struct span){item.ptr, n}, name))
			continue;
		if (value && value_out)
			*value_out = (struct span){value + 1, item.len - n - 1};
		return true;
	}
	return false;
}

bool str_to_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char     *end;
	long long value;

	if (!*s || isspace((unsigned char)*s))
		return false;
	errno = 0;
	value = strtoll(s, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool str_to_double(const char *s, double *out)
{
	char  *end;
	double value;

	if (!*s || isspace((unsigned char)*s))
		return false;
	value = strtod(s, &end);
	if (*end || !isfinite(value))
		return false;
	*out = value;
	return true;
}

bool str_is_uuid(const char *s)
{
	for (size_t i = 0; i < 36; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return s[36] == '\0';
}

struct span str_lower_secret(struct arena *a, const char *text)
{
	size_t len = strlen(text);
	char  *lower = arena_alloc_secret(a, len + 1);

	for (size_t i = 0; i < len; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	return (struct span){lower, len};
}
