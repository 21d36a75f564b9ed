/* decoding.h -- one recording's way to a helper and back. */
#ifndef DECODING_H
#define DECODING_H

#include "../base/ctx.h"
#include "../decoder/errand.h"
#include "../domain/voice/audio.h"

struct decoding {
	int           helper;              /* its socket; -1: none yet */
	unsigned      nursery;             /* which one it is of */
	int           files[ERRAND_FILES]; /* in memory; -1: none yet */
	struct errand errand;
};
#define DECODING \
	{ \
		.helper = -1, .files = { -1, -1 } \
	}

/* Puts the recording, which is not empty, into a file and makes room for the samples.
 * ERR_UNAVAILABLE: no descriptor or no memory is left. */
struct err *decoding_pack(struct ctx *cx, struct decoding *d, struct span bytes,
                          enum audio_format format) CHECKED;

/* Sends it to d->helper. False: that is gone, and is let go of; another may be asked. */
bool decoding_send(struct decoding *d) CHECKED;

/* Waits for what the helper makes of it, at most until `until`, and believes nothing of it. Samples
 * live as long as the unit of work. Otherwise as decoders_decode; without a result *loss_out says
 * why there is none, which is ERR_AUDIO too. */
enum loss {
	LOSS_NONE,
	LOSS_HELPER,  /* it died, was late, or what it sent is none of what it may send */
	LOSS_KILLED,  /* by somebody who had nothing to do with the recording */
	LOSS_NURSERY, /* the same: it went with its nursery */
};
struct err *decoding_receive(struct ctx *cx, struct decoding *d, struct deadline until,
                             enum loss *loss_out, struct pcm *out) CHECKED;

/* Lets go of everything; a helper still at work is ended by that. */
void decoding_end(struct decoding *d);

#endif
