/* fuzz_audio_decode.c -- a recording decodes to samples within bounds, or is refused. */
#include "../../common/decoder/audio_decode.h"

#include <assert.h>

#define FUZZ_MS 5000

static void check_samples(struct pcm pcm)
{
	assert(pcm.n > 0 && pcm.n <= (AUDIO_SECONDS_MAX + 1) * PCM_RATE);
	for (size_t i = 0; i < pcm.n; i++)
		assert(pcm.samples[i] >= -1 && pcm.samples[i] <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx  cx = {.arena = arena_new(4096), .deadline = deadline_in(FUZZ_MS)};
	struct span bytes = {(const char *)data, size};
	struct pcm  pcm;
	struct err *e = audio_decode(&cx, bytes, audio_sniff(bytes), &pcm);

	if (!e)
		check_samples(pcm);
	arena_free(&cx.arena);
	return 0;
}
