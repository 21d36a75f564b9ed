/* UTF-8 from outside: what is valid decodes to code points that encode to the same bytes. */
#include "fuzz.h"

#include "../../common/base/utf8.h"

#include <assert.h>

static void round_trip(struct span text)
{
	struct span rest = text;
	size_t      done = 0, count = 0;
	char        encoded[4];

	while (rest.len) {
		uint32_t c = utf8_next(&rest);
		size_t   n = utf8_encode(c, encoded);

		assert(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
		assert(memcmp(text.ptr + done, encoded, n) == 0);
		done += n;
		count++;
	}
	assert(done == text.len && count == utf8_length(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct span text = {(const char *)bytes, len};

	if (utf8_is_valid(text)) {
		round_trip(text);
		assert(utf8_is_valid(utf8_prefix(text, len / 2)));
	}
	return 0;
}
