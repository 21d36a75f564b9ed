/* voice_out.h -- what an engine says, on its way to who ordered it: samples or MP3 go in as they
 * come, parts or one file come out.
 *
 * Silence before the first sound waits for it: while nothing but silence came, the next engine in
 * the chain can still be asked. */
#ifndef VOICE_OUT_H
#define VOICE_OUT_H

#include "../domain/voice/mp3.h"
#include "speaking.h"

#define VOICE_SECONDS_MAX 1200u /* of one order: 5 000 characters last about six minutes */

struct voice_out;

/* For PCM16 mono of so many Hz; 0: for MP3, which must be of mp3_default's kind. */
struct err *voice_out_open(struct ctx *cx, const struct speech_order *order, unsigned rate,
                           struct voice_out **out) CHECKED;

/* ERR_UPSTREAM_REJECTED: more than VOICE_SECONDS_MAX. ERR_CANCELLED: nobody wants more. */
struct err *voice_out_samples(struct voice_out *v, const int16_t *samples, size_t n) CHECKED;
struct err *voice_out_silence(struct voice_out *v, unsigned ms) CHECKED;

/* Bytes of a file, of which `r` is the reader, zero at its beginning; ERR_UPSTREAM when they are no
 * such MP3. At its end with is_end. */
struct err *voice_out_mp3(struct voice_out *v, struct mp3_reader *r, struct span bytes,
                          bool is_end) CHECKED;

/* With fewer bytes more of what comes in there is no part to hand over; at least 1. */
size_t voice_out_wanted(const struct voice_out *v);

/* All of it is said, or `failed` ended it: then what is here goes out where some has gone out
 * before, and the error that comes back is_late. */
struct err *voice_out_end(struct voice_out *v, struct err *failed, struct speech *out) CHECKED;

#endif
