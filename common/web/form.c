/* form.c -- reading "a=b&c=d". */
#include "form.h"

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
