/* fuzz_sse.c -- any stream, in any pieces, gives the same events as in one. */
#include "../../common/call/sse_reader.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(const char *name, struct span data, void *to)
{
	buf_str(to, name);
	buf_char(to, '\0');
	buf_add(to, data.ptr, data.len);
	buf_char(to, '\n');
}

static struct span events_of(struct arena *a, struct span text, size_t step, bool *is_sound)
{
	struct buf        got = buf_new(a, 1 << 20);
	struct sse_reader r = sse_reader(a, 512, note, &got);

	*is_sound = true;
	for (size_t at = 0; at < text.len; at += step) {
		size_t left = text.len - at;

		*is_sound = sse_feed(&r, (struct span){text.ptr + at, left < step ? left : step});
	}
	return buf_span(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(16384);
	struct span   text = {(const char *)data, size}, whole, pieces;
	bool          whole_is_sound, pieces_are_sound;

	whole = events_of(a, text, size + 1, &whole_is_sound);
	pieces = events_of(a, text, size % 5 + 1, &pieces_are_sound);
	assert(whole_is_sound == pieces_are_sound);
	assert(span_equal(whole, pieces));
	arena_free(&a);
	return 0;
}
