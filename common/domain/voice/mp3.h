/* mp3.h -- MPEG layer III as a row of frames: joined, stripped of tags, silent. */
#ifndef MP3_H
#define MP3_H

#include "../../base/str.h"

/* What all frames of one file share; zero until the first frame is seen. */
struct mp3_kind {
	unsigned rate, kbps, channels;
	unsigned frame_samples; /* 1152, or 576 at 24 kHz and below */
	uint64_t samples_n;     /* appended so far */
};

/* 44.1 kHz, mono, 128 kbit/s. */
struct mp3_kind mp3_default(void);

/* The kind of the file's first frame; false when it has none. */
bool mp3_look(struct span file, struct mp3_kind *kind_out) CHECKED;

/* Appends the frames of a file, without tags and the Info frame (they would tell
 * a wrong length of the joined file). The kind is taken from the first file and
 * must be the same in the next ones. False when this is not layer III of one
 * constant bit rate, or is followed by something else; `out` is then useless. */
bool mp3_append(struct buf *out, struct span file, struct mp3_kind *kind) CHECKED;

/* Appends frames of that kind that hold nothing, to the nearest frame. */
void mp3_append_silence(struct buf *out, struct mp3_kind *kind, unsigned ms);

/* Playing time of what was appended. */
unsigned mp3_ms(const struct mp3_kind *kind);

#endif
