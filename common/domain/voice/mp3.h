/* mp3.h -- MPEG layer III as a row of frames: cut as it arrives, stripped of tags, silent. */
#ifndef MP3_H
#define MP3_H

#include "../../base/str.h"

/* What all frames of one file share; zero until the first frame is seen. */
struct mp3_kind {
	unsigned rate, kbps, channels;
	unsigned frame_samples; /* 1152, or 576 at 24 kHz and below */
	uint64_t samples_n;     /* read or made so far */
};

/* 44.1 kHz, mono, 128 kbit/s. */
struct mp3_kind mp3_default(void);

/* One file that arrives in pieces; zero but for `kind`. What is read does not depend on where it
 * was cut. */
#define MP3_HELD_MAX 8192u
struct mp3_reader {
	struct mp3_kind kind; /* that all frames have; zero: taken from the first */
	struct mp3_kind odd;  /* of the frame that is of another kind; zero: none was */
	uint64_t        frames_n;
	enum { MP3_AT_TAG, MP3_BEFORE_FRAMES, MP3_IN_FRAMES, MP3_BEHIND_FRAMES } stage;
	bool   is_bad;
	size_t tag_bytes; /* of a tag, still to come */
	size_t junk_n;    /* bytes before or behind the frames */
	char   held[MP3_HELD_MAX];
	size_t held_n;
};

/* Appends to `out` what these bytes make whole: frames, without tags and the Info frame (which
 * would tell a wrong length of what they are joined to). False, now and later, when this is not
 * layer III of one kind and constant bit rate, is followed by something else, or `out` is full. */
bool mp3_read(struct mp3_reader *r, struct span bytes, struct buf *out) CHECKED;

/* Nothing more comes: what is not a whole frame is left out. False also when there was none. */
bool mp3_read_end(struct mp3_reader *r, struct buf *out) CHECKED;

/* Bytes of the first n of these frames, all of them of mp3_default's kind. */
size_t mp3_frames_bytes(struct span frames, uint64_t n);

/* Appends frames of that kind that hold nothing, to the nearest frame. */
void mp3_append_silence(struct buf *out, struct mp3_kind *kind, unsigned ms);

/* Playing time of what was read and made. */
unsigned mp3_ms(const struct mp3_kind *kind);

#endif
