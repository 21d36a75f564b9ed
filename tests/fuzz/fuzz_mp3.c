/* fuzz_mp3.c -- any bytes are joined or refused; what was joined is read again as itself. */
#include "../../common/domain/voice/mp3.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena   *a = arena_new(16384);
	struct buf      out = buf_new(a, 1 << 20), again = buf_new(a, 1 << 20);
	struct mp3_kind kind = {0}, seen = {0};

	if (mp3_append(&out, (struct span){(const char *)data, size}, &kind)) {
		mp3_append_silence(&out, &kind, 100);
		assert(mp3_append(&again, buf_span(&out), &seen));
		assert(seen.rate == kind.rate && seen.kbps == kind.kbps);
	}
	arena_free(&a);
	return 0;
}
