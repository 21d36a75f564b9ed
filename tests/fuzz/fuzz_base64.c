/* Base64 from outside: what is taken encodes to the same text, padding aside; and as other encoders
 * write it, it is the same bytes. */
#include "fuzz.h"

#include "../../common/base/base64.h"

#include <assert.h>

/* In lines of `width` and URL-safe. */
static size_t rewrite(struct span text, size_t width, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (i % width == 0) {
			out[n++] = '\r';
			out[n++] = '\n';
		}
		out[n++] = c == '+' ? '-' : c == '/' ? '_' : c;
	}
	return n;
}

static void decode_rewritten(struct arena *a, struct span text, const char *decoded, size_t n)
{
	char  *other = arena_alloc_raw(a, 3 * text.len + 1);
	char  *refused = arena_alloc_raw(a, BASE64_DECODED_MAX(3 * text.len));
	size_t len = rewrite(text, 1 + text.len % 76, other), again;

	assert(len == 0 || !base64_decode((struct span){other, len}, refused, &again));
	len = base64_plain((struct span){other, len}, other);
	assert(len == text.len && memcmp(other, text.ptr, len) == 0);
	assert(base64_decode((struct span){other, len}, other, &again));
	assert(again == n && memcmp(other, decoded, n) == 0);
}

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
		decode_rewritten(cx.arena, (struct span){(const char *)bytes, len}, decoded, n);
	}
	return fuzz_end(&cx);
}
