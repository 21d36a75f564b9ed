/* wav.c -- the 44 bytes in front of PCM16 mono samples. */
#include "wav.h"

#include <assert.h>

#define BYTES_EACH sizeof(int16_t)

static unsigned char *put_le(unsigned char *at, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*at++ = (unsigned char)(value >> (8 * i));
	return at;
}

static unsigned char *put_mark(unsigned char *at, const char mark[4])
{
	memcpy(at, mark, 4);
	return at + 4;
}

static unsigned char *put_header(unsigned char *at, uint32_t data_bytes, unsigned rate)
{
	at = put_mark(at, "RIFF");
	at = put_le(at, data_bytes + WAV_HEADER_BYTES - 8, 4);
	at = put_mark(at, "WAVE");
	at = put_mark(at, "fmt ");
	at = put_le(at, 16, 4);
	at = put_le(at, 1, 2); /* PCM */
	at = put_le(at, 1, 2); /* channels */
	at = put_le(at, rate, 4);
	at = put_le(at, rate * (uint32_t)BYTES_EACH, 4);
	at = put_le(at, BYTES_EACH, 2);
	at = put_le(at, 8 * BYTES_EACH, 2);
	at = put_mark(at, "data");
	return put_le(at, data_bytes, 4);
}

struct span wav_file(struct arena *a, const int16_t *samples, size_t n, unsigned rate)
{
	unsigned char *file, *at;

	assert(n <= UINT32_MAX / 4);
	file = arena_alloc_raw(a, WAV_HEADER_BYTES + n * BYTES_EACH);
	at = put_header(file, (uint32_t)(n * BYTES_EACH), rate);
	for (size_t i = 0; i < n; i++)
		at = put_le(at, (uint16_t)samples[i], BYTES_EACH);
	return (struct span){(const char *)file, WAV_HEADER_BYTES + n * BYTES_EACH};
}
