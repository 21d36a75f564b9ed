/* Base64 from outside: what is taken encodes to the same text, padding aside. */
#include "fuzz.h"

#include "../../common/base/base64.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx cx = fuzz_begin();
	char      *decoded = arena_alloc_raw(cx.arena, BASE64_DECODED_MAX(len));
	char      *again;
	size_t     n, kept = len;

	if (base64_decode((struct span){(const char *)bytes, len}, decoded, &n)) {
		again = arena_alloc_raw(cx.arena, BASE64_ENCODED_BYTES(n));
		base64_encode(decoded, n, again);
		while (kept && bytes[kept - 1] == '=')
			kept--;
		assert(kept <= BASE64_ENCODED_BYTES(n));
		assert(memcmp(bytes, again, kept) == 0);
	}
	return fuzz_end(&cx);
}
