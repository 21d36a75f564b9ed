/* wav.h -- RIFF/WAVE with PCM16 mono samples, the one kind we write. */
#ifndef WAV_H
#define WAV_H

#include "../../base/arena.h"

#define WAV_HEADER_BYTES 44u

/* Header and samples as one file; at most UINT32_MAX / 4 samples (asserted). */
struct span wav_file(struct arena *a, const int16_t *samples, size_t n, unsigned rate);

#endif
