/* mp3.c -- walks and makes frames of MPEG 1, 2 and 2.5, layer III (ISO 11172-3, 13818-3). */
#include "mp3.h"

#define HEADER_BYTES 4u
#define LEAD_IN_MAX  4096u /* junk before the first frame that players skip too */
#define TRAILER_MAX  4096u /* tags behind the last frame */
#define FRAME_MAX    1441u /* 320 kbit/s at 32 kHz, padded */
#define ID3_HEADER   10u

struct frame {
	unsigned rate, kbps, channels, samples;
	size_t   bytes, side_at, side_bytes;
};

static unsigned kbps_of(bool is_mpeg1, unsigned index)
{
	static const unsigned short mpeg1[] = {0,   32,  40,  48,  56,  64,  80,  96,
	                                       112, 128, 160, 192, 224, 256, 320, 0};
	static const unsigned short mpeg2[] = {0,  8,  16, 24,  32,  40,  48,  56,
	                                       64, 80, 96, 112, 128, 144, 160, 0};

	return is_mpeg1 ? mpeg1[index] : mpeg2[index];
}

/* The frame whose header these bytes begin with. */
static bool read_header(struct span bytes, struct frame *f)
{
	static const unsigned short rates[] = {44100, 48000, 32000};
	const unsigned char        *b = (const unsigned char *)bytes.ptr;
	unsigned                    version, rate_index;
	bool                        is_mpeg1;

	if (bytes.len < HEADER_BYTES || b[0] != 0xff || (b[1] & 0xe6) != 0xe2)
		return false;
	version = b[1] >> 3 & 3; /* 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5 */
	rate_index = b[2] >> 2 & 3;
	is_mpeg1 = version == 3;
	f->kbps = kbps_of(is_mpeg1, b[2] >> 4);
	if (version == 1 || rate_index == 3 || !f->kbps)
		return false;
	f->rate = rates[rate_index] / (is_mpeg1 ? 1u : version == 2 ? 2u : 4u);
	f->channels = b[3] >> 6 == 3 ? 1 : 2;
	f->samples = is_mpeg1 ? 1152 : 576;
	f->bytes = f->samples / 8 * f->kbps * 1000 / f->rate + (b[2] >> 1 & 1);
	f->side_at = b[1] & 1 ? HEADER_BYTES : HEADER_BYTES + 2;
	f->side_bytes = is_mpeg1 ? (f->channels == 1 ? 17 : 32) : (f->channels == 1 ? 9 : 17);
	return true;
}

static struct span behind(struct span s, size_t n)
{
	return n < s.len ? (struct span){s.ptr + n, s.len - n} : (struct span){s.ptr + s.len, 0};
}

/* The encoder's own frame, which plays as silence and tells the file's length. */
static bool is_info(struct span bytes, const struct frame *f)
{
	struct span frame = {bytes.ptr, f->bytes};
	struct span tag = behind(frame, f->side_at + f->side_bytes);

	return span_starts(tag, SPAN("Xing")) || span_starts(tag, SPAN("Info")) ||
	       span_starts(behind(frame, HEADER_BYTES + 32), SPAN("VBRI"));
}

static struct mp3_kind kind_of(const struct frame *f)
{
	return (struct mp3_kind){.rate = f->rate,
	                         .kbps = f->kbps,
	                         .channels = f->channels,
	                         .frame_samples = f->samples};
}

static bool fits(struct mp3_kind *kind, const struct frame *f)
{
	if (!kind->rate)
		*kind = kind_of(f);
	return kind->rate == f->rate && kind->kbps == f->kbps && kind->channels == f->channels;
}

struct mp3_kind mp3_default(void)
{
	return (struct mp3_kind){.rate = 44100, .kbps = 128, .channels = 1, .frame_samples = 1152};
}

/* ---- reading: each takes one thing off the front; false: more must come, or none will do ---- */

static bool fail(struct mp3_reader *r)
{
	r->is_bad = true;
	return false;
}

static size_t id3_bytes(struct span head)
{
	const unsigned char *b = (const unsigned char *)head.ptr;
	size_t               bytes = 0;

	for (size_t i = 6; i < ID3_HEADER; i++)
		bytes = bytes << 7 | (b[i] & 127);
	return ID3_HEADER + bytes;
}

static bool skip_tag(struct mp3_reader *r, struct span *rest, bool is_end)
{
	struct span start = {rest->ptr, rest->len < 3 ? rest->len : 3};
	size_t      n;

	if (!r->tag_bytes && span_starts(SPAN("ID3"), start)) {
		if (rest->len < ID3_HEADER)
			return is_end ? fail(r) : false;
		r->tag_bytes = id3_bytes(*rest);
	}
	n = r->tag_bytes < rest->len ? r->tag_bytes : rest->len;
	*rest = behind(*rest, n);
	r->tag_bytes -= n;
	if (!r->tag_bytes)
		r->stage = MP3_BEFORE_FRAMES;
	return true;
}

/* A header alone can be chance; one that leads to another, or to the end, is not. */
static bool find_first(struct mp3_reader *r, struct span *rest, bool is_end)
{
	bool         is_header, is_followed;
	struct frame f, next;
	struct span  then;

	if (rest->len < HEADER_BYTES)
		return is_end ? fail(r) : false;
	is_header = read_header(*rest, &f);
	then = is_header ? behind(*rest, f.bytes) : *rest;
	if (is_header && then.len < HEADER_BYTES && !is_end)
		return false;
	is_followed = then.len < HEADER_BYTES ? f.bytes <= rest->len : read_header(then, &next);
	if (is_header && is_followed) {
		r->stage = MP3_IN_FRAMES;
		r->junk_n = 0;
		return true;
	}
	*rest = behind(*rest, 1);
	return ++r->junk_n < LEAD_IN_MAX || fail(r);
}

static bool take_frame(struct mp3_reader *r, struct span *rest, bool is_end, struct buf *out)
{
	struct frame f;

	if (rest->len < HEADER_BYTES && !is_end)
		return false;
	if (!read_header(*rest, &f) || (f.bytes > rest->len && is_end)) {
		r->stage = MP3_BEHIND_FRAMES;
		return true;
	}
	if (f.bytes > rest->len)
		return false;
	if (!is_info(*rest, &f)) {
		if (!fits(&r->kind, &f)) {
			r->odd = kind_of(&f);
			return fail(r);
		}
		buf_add(out, rest->ptr, f.bytes);
		r->kind.samples_n += f.samples;
		r->frames_n++;
	}
	*rest = behind(*rest, f.bytes);
	return true;
}

static bool skip_trailer(struct mp3_reader *r, struct span *rest)
{
	r->junk_n += rest->len;
	*rest = behind(*rest, rest->len);
	return r->junk_n <= TRAILER_MAX || fail(r);
}

static bool take(struct mp3_reader *r, struct span *rest, bool is_end, struct buf *out)
{
	switch (r->stage) {
	case MP3_AT_TAG:
		return skip_tag(r, rest, is_end);
	case MP3_BEFORE_FRAMES:
		return find_first(r, rest, is_end);
	case MP3_IN_FRAMES:
		return take_frame(r, rest, is_end, out);
	case MP3_BEHIND_FRAMES:
		break;
	}
	return skip_trailer(r, rest);
}

static void read_held(struct mp3_reader *r, bool is_end, struct buf *out)
{
	struct span rest = {r->held, r->held_n};

	while (rest.len && take(r, &rest, is_end, out))
		;
	if (rest.ptr != r->held)
		memmove(r->held, rest.ptr, rest.len);
	r->held_n = rest.len;
	r->is_bad |= out->is_full;
}

bool mp3_read(struct mp3_reader *r, struct span bytes, struct buf *out)
{
	while (bytes.len && !r->is_bad) {
		size_t room = sizeof(r->held) - r->held_n, n = bytes.len < room ? bytes.len : room;

		memcpy(r->held + r->held_n, bytes.ptr, n);
		r->held_n += n;
		bytes = behind(bytes, n);
		read_held(r, false, out);
	}
	return !r->is_bad;
}

bool mp3_read_end(struct mp3_reader *r, struct buf *out)
{
	if (!r->is_bad)
		read_held(r, true, out);
	return !r->is_bad && r->frames_n > 0;
}

size_t mp3_frames_bytes(struct span frames, uint64_t n)
{
	struct span  rest = frames;
	struct frame f;

	while (n-- > 0 && read_header(rest, &f))
		rest = behind(rest, f.bytes);
	return frames.len - rest.len;
}

/* The header of a frame of this kind, the reverse of read_header. */
static void write_header(const struct mp3_kind *kind, bool is_padded, unsigned char *b)
{
	bool     is_mpeg1 = kind->frame_samples == 1152;
	unsigned version = is_mpeg1 ? 3 : kind->rate < 16000 ? 0 : 2;
	unsigned top_rate = kind->rate * (is_mpeg1 ? 1 : version == 2 ? 2 : 4);
	unsigned rate_index = top_rate == 44100 ? 0 : top_rate == 48000 ? 1 : 2;
	unsigned index = 1;

	while (index < 14 && kbps_of(is_mpeg1, index) != kind->kbps)
		index++;
	b[0] = 0xff;
	b[1] = (unsigned char)(0xe3 | version << 3);
	b[2] = (unsigned char)(index << 4 | rate_index << 2 | (unsigned)is_padded << 1);
	b[3] = kind->channels == 1 ? 0xc4 : 0x04;
}

void mp3_append_silence(struct buf *out, struct mp3_kind *kind, unsigned ms)
{
	uint64_t want = (uint64_t)ms * kind->rate / 1000;
	uint64_t frames = (want + kind->frame_samples / 2) / kind->frame_samples;
	uint64_t scaled = (uint64_t)kind->frame_samples / 8 * kind->kbps * 1000;

	for (uint64_t i = 0; i < frames; i++) {
		/* Empty side information is a frame of zeros; padding keeps the rate exact. */
		unsigned char bytes[FRAME_MAX] = {0};
		uint64_t      n = scaled * (i + 1) / kind->rate - scaled * i / kind->rate;

		write_header(kind, n > scaled / kind->rate, bytes);
		buf_add(out, (const char *)bytes, n);
		kind->samples_n += kind->frame_samples;
	}
}

unsigned mp3_ms(const struct mp3_kind *kind)
{
	return kind->rate ? (unsigned)(kind->samples_n * 1000 / kind->rate) : 0;
}
