/* audio_decode.h -- a recording in a known container to 16 kHz mono samples. */
#ifndef AUDIO_DECODE_H
#define AUDIO_DECODE_H

#include "../base/ctx.h"
#include "../domain/voice/audio.h"

/* Decodes with the one demuxer of `format` and an allowed codec, whatever else
 * the bytes may hold. A recording that is cut off gives what is there. Samples
 * are finite and within -1..1; there is at least one.
 * ERR_AUDIO: the format is unknown, the header makes no sense, nothing could
 * be decoded. ERR_TOO_LARGE: longer than AUDIO_SAMPLES_MAX.
 * ERR_DEADLINE, ERR_CANCELLED: given up half-way. */
struct err *audio_decode(struct ctx *cx, struct span bytes, enum audio_format format,
                         struct pcm *out) CHECKED;

/* Ends the process when this machine's libav lacks one of the containers. */
void audio_decode_check(void);

#endif
