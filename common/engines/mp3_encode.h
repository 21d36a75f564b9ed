/* mp3_encode.h -- samples to the one kind of MP3 the contract promises. */
#ifndef MP3_ENCODE_H
#define MP3_ENCODE_H

#include "speaking.h"

#define MP3_KBITS 128u   /* constant */
#define MP3_RATE  44100u /* MPEG-1 layer III: what every player knows */

/* PCM16 mono at `rate` Hz to MP3 mono: frames only, no tag of any kind, so
 * that size * 8 / 128000 is the playing time in seconds.
 * ERR_DEADLINE, ERR_CANCELLED: given up half-way. ERR_INTERNAL: LAME refused. */
struct err *mp3_encode(struct ctx *cx, const int16_t *samples, size_t n, unsigned rate,
                       struct speech *out) CHECKED;

#endif
