/* mp3_encode.h -- samples to the one kind of MP3 the contract promises, as they come. */
#ifndef MP3_ENCODE_H
#define MP3_ENCODE_H

#include "../base/ctx.h"
#include "../base/str.h"

struct mp3_encoder; /* ends with the unit of work; one thread at a time */

/* For PCM16 mono at `rate` Hz. ERR_INTERNAL: LAME refused. */
struct err *mp3_encoder_open(struct ctx *cx, unsigned rate, struct mp3_encoder **out) CHECKED;

/* Appends what at most so many samples make ready: frames of mp3_default's kind, no tag, none of
 * them with bits of another. A frame or two are kept back. ERR_DEADLINE, ERR_CANCELLED. */
#define MP3_SAMPLES_MAX 4096u
struct err *mp3_encode(struct ctx *cx, struct mp3_encoder *encoder, const int16_t *samples,
                       size_t n, struct buf *out) CHECKED;

/* Appends the rest. How many of the samples a decoder makes of it all are none of ours, at the end;
 * those at the beginning are MP3_DELAY. */
#define MP3_DELAY 1105u /* 576 of LAME, 529 of each decoder */
struct err *mp3_encode_end(struct ctx *cx, struct mp3_encoder *encoder, struct buf *out,
                           unsigned *padding_out) CHECKED;

#endif
