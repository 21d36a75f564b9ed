/* fuzz_mp3.c -- any bytes are read or refused, the same however they are cut; what was read is read
 * again as itself. */
#include "../../common/domain/voice/mp3.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In pieces of `step` bytes. */
static bool read_file(struct span file, size_t step, struct buf *out, struct mp3_kind *kind)
{
	struct mp3_reader reader = {.kind = *kind};
	bool              is_good = true;

	for (size_t at = 0; at < file.len; at += step) {
		size_t n = file.len - at < step ? file.len - at : step;

		is_good = mp3_read(&reader, (struct span){file.ptr + at, n}, out);
	}
	is_good = mp3_read_end(&reader, out) && is_good;
	*kind = reader.kind;
	return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena   *a = arena_new(16384);
	struct buf      out = buf_new(a, 1 << 20), pieces = buf_new(a, 1 << 20);
	struct buf      again = buf_new(a, 1 << 20);
	struct mp3_kind kind = {0}, in_pieces = {0}, seen = {0};
	struct span     file = {(const char *)data, size};
	bool            is_good = read_file(file, SIZE_MAX / 2, &out, &kind);

	assert(read_file(file, size ? 1 + data[size / 2] : 1, &pieces, &in_pieces) == is_good);
	assert(span_equal(buf_span(&pieces), buf_span(&out)));
	if (is_good) {
		mp3_append_silence(&out, &kind, 100);
		assert(read_file(buf_span(&out), SIZE_MAX / 2, &again, &seen));
		assert(seen.rate == kind.rate && seen.kbps == kind.kbps);
		assert(mp3_frames_bytes(buf_span(&out), UINT64_MAX) == out.len);
	}
	arena_free(&a);
	return 0;
}
