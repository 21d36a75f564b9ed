/* form.c -- reading "a=b&c=d". */
#include "form.h"

#include "../base/percent.h"
#include "../base/utf8.h"

struct span form_value(struct span pairs, const char *name)
{
	size_t name_len = strlen(name);

	while (pairs.len) {
		const char *end = memchr(pairs.ptr, '&', pairs.len);
		struct span pair = {pairs.ptr, end ? (size_t)(end - pairs.ptr) : pairs.len};

		if (pair.len > name_len && pair.ptr[name_len] == '=' && span_starts(pair, span_of(name)))
			return (struct span){pair.ptr + name_len + 1, pair.len - name_len - 1};
		pairs.ptr += pair.len + (end ? 1 : 0);
		pairs.len -= pair.len + (end ? 1 : 0);
	}
	return (struct span){NULL, 0};
}

static size_t decode(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '+')
			text[i] = ' ';
	return percent_decode(text, n);
}

const char *form_text(struct ctx *cx, struct span pairs, const char *name)
{
	struct span value = form_value(pairs, name);
	char       *text;
	size_t      n;

	if (!value.ptr)
		return NULL;
	text = arena_alloc_secret(cx->arena, value.len + 1);
	memcpy(text, value.ptr, value.len);
	n = decode(text, value.len);
	text[n] = '\0';
	return !memchr(text, '\0', n) && utf8_is_valid((struct span){text, n}) ? text : NULL;
}
