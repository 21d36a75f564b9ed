/* heard_parts.h -- takes the parts of a speech as they come, and looks at each. */
#ifndef HEARD_PARTS_H
#define HEARD_PARTS_H

#include "../../common/domain/voice/mp3.h"
#include "../../common/engines/speaking.h"

struct heard_parts {
	struct buf joined;
	unsigned   n, ms, audible_ms, first_ms, longest_ms, delay_samples, padding_samples;
	unsigned   wanted; /* parts, then no more; 0: all */
	bool       has_ended, is_odd;
};

static inline struct heard_parts heard_parts(struct arena *a)
{
	return (struct heard_parts){.joined = buf_new(a, 16 << 20)};
}

/* Whole frames of the one kind, and nothing behind the last part. */
static inline bool hear_part(const struct speech_part *part, void *data)
{
	struct heard_parts *h = data;
	struct mp3_reader   reader = {.kind = mp3_default()};
	size_t              before = h->joined.len;

	h->is_odd |= h->has_ended || !mp3_read(&reader, part->frames, &h->joined) ||
	             !mp3_read_end(&reader, &h->joined) || h->joined.len - before != part->frames.len;
	h->first_ms = h->n ? h->first_ms : part->ms;
	h->longest_ms = part->ms > h->longest_ms ? part->ms : h->longest_ms;
	h->ms += part->ms;
	h->audible_ms += part->audible_ms;
	h->delay_samples += part->delay_samples;
	h->padding_samples += part->padding_samples;
	h->has_ended |= part->is_last;
	return ++h->n != h->wanted;
}

/* How many frames need bits of the one before. */
static inline size_t borrowing_frames(struct span frames)
{
	size_t n = 0, bytes;

	for (; frames.len; frames.ptr += bytes, frames.len -= bytes) {
		bytes = mp3_frames_bytes(frames, 1);
		if (bytes < 6)
			return SIZE_MAX;
		n += frames.ptr[4] || frames.ptr[5] & 0x80;
	}
	return n;
}

#endif
