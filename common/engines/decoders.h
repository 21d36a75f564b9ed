/* decoders.h -- a recording in a known container to 16 kHz mono samples, in a process of its own.
 *
 * libav is a large parser of whatever strangers send. Each recording is decoded by a helper
 * (common/decoder) that has nothing to take, may do next to nothing, and ends with it. */
#ifndef DECODERS_H
#define DECODERS_H

#include "../base/cfg.h"
#include "../base/ctx.h"
#include "../domain/voice/audio.h"

extern const struct cfg_group decoders_settings;

/* Starts them and has one try. Returns the number of problems, each told on stderr. A process that
 * was root by then and is not any more asks itself to end (SIGTERM) if they can not be had again
 * without root. */
int decoders_start(void) CHECKED;

/* Ends them all, whatever they are at. */
void decoders_stop(void);

/* Who waits for a decoder is next as slots.h says; who takes long lets others go before. How long
 * decoders were at work is added to cx->cost.decode_ms, whatever came of it. Samples are finite and
 * within -1..1, there is at least one, and they live as long as the unit of work. A recording that
 * is cut off gives what is there.
 * ERR_AUDIO: nothing could be decoded, or the decoder crashed or was ended for what it did or how
 * long it took. ERR_TOO_LARGE: longer than AUDIO_SAMPLES_MAX. Both name the field audio_base64.
 * ERR_UNAVAILABLE: all were busy until the deadline, or there is none, or somebody else killed two
 * that were at it. ERR_DEADLINE, ERR_CANCELLED: given up half-way. Thread-safe. */
struct err *decoders_decode(struct ctx *cx, struct span bytes, enum audio_format format,
                            struct pcm *out) CHECKED;

#endif
