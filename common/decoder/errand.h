/* errand.h -- what a program and its decoders send each other, over sockets of whole packets.
 *
 *   program -> starter   "have a nursery": nothing, and the socket that it is to be reached by
 *   nursery -> program   "here is one": nothing, and the socket of a helper who waits
 *   program -> helper    an errand, and two files in memory: a recording, and room for its samples
 *   helper  -> program   a result: of a stranger, who may have been taken over by the recording
 *   nursery -> program   over a helper's socket, behind what it sent: it died, or was killed
 *
 * A helper runs one errand and ends; whoever lets go of its socket ends it. One of which nobody
 * tells how it ended went with its nursery. */
#ifndef ERRAND_H
#define ERRAND_H

#include "../base/base.h"

#include <sys/types.h>

/* Where each finds its socket to the program. */
#define STARTER_SOCKET 3
#define NURSERY_SOCKET 3

#define DECODERS_MAX 16u

struct errand {
	uint32_t format;     /* enum audio_format */
	uint32_t bytes;      /* of the recording */
	uint32_t is_patient; /* 1: it gets what others leave of the processor */
};
enum { ERRAND_RECORDING, ERRAND_SAMPLES, ERRAND_FILES };

enum errand_outcome {
	ERRAND_DONE = 1,
	ERRAND_NO_AUDIO, /* ERR_AUDIO */
	ERRAND_TOO_LONG, /* ERR_TOO_LARGE */
	ERRAND_DIED,     /* without a result: a crash, a forbidden call, a limit */
	ERRAND_KILLED,   /* the same, but somebody else did it: the system short of memory, say */
};

struct errand_result {
	uint32_t outcome; /* enum errand_outcome */
	uint32_t samples; /* in the file for them; at most AUDIO_SAMPLES_MAX */
};

/* One packet with n descriptors (at most ERRAND_FILES), which stay the sender's too. False: the
 * other end is gone, or no packet fits in. Never waits. */
bool errand_send(int socket, struct span packet, const int *files, size_t n) CHECKED;

/* Its counterpart: the length of the packet, which is cut at max; 0 when the other end is gone, -1
 * with errno. `files` gets n descriptors that close on exec, -1 for each that did not come; those
 * beyond n are never let in. Waits unless `flags` has MSG_DONTWAIT. */
ssize_t errand_receive(int socket, void *packet, size_t max, int *files, size_t n, int flags);

#endif
