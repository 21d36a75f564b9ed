/* fuzz_upstream_error.c -- what a service says in its error never gets into ours but as a code. */
#include "../../common/base/json_in.h"
#include "../../common/engines/upstream.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx  cx = {.arena = arena_new(16384), .deadline = deadline_in(1000)};
	struct err *e;

	json_start();
	e = upstream_error(&cx, 400 + (int)(size % 120), (struct span){(const char *)data, size}, 0);
	assert(strlen(e->detail) <= sizeof("status 400, code ") + 64);
	assert(!e->detail[strspn(e->detail, "abcdefghijklmnopqrstuvwxyz0123456789_.-, ")]);
	arena_free(&cx.arena);
	return 0;
}
