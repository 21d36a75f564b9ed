/* fuzz.h -- what the fuzz targets share: a unit of work for each input. */
#ifndef FUZZ_H
#define FUZZ_H

#include "../../common/base/ctx.h"
#include "../../common/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A fresh ctx with plenty of time; fuzz_end gives everything back. */
static inline struct ctx fuzz_begin(void)
{
	return (struct ctx){.arena = arena_new(4096), .deadline = deadline_in(60000)};
}

static inline int fuzz_end(struct ctx *cx)
{
	arena_free(&cx->arena);
	return 0;
}

/* Up to the end of a line; *rest is left behind it. */
static inline struct span fuzz_line(struct span *rest)
{
	const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	struct span line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};

	rest->ptr += line.len + (end ? 1 : 0);
	rest->len -= line.len + (end ? 1 : 0);
	return line;
}

#endif
