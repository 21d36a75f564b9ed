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

static struct span skip_id3(struct span file)
{
	const unsigned char *b = (const unsigned char *)file.ptr;
	size_t               bytes = 0;

	if (file.len < ID3_HEADER || memcmp(b, "ID3", 3) != 0)
		return file;
	for (size_t i = 6; i < ID3_HEADER; i++)
		bytes = bytes << 7 | (b[i] & 127);
	return behind(file, ID3_HEADER + bytes);
}

/* A header alone can be chance; one that leads to another, or to the end, is not. */
static bool is_frame(struct span bytes, struct frame *f)
{
	struct frame next;
	struct span  rest;

	if (!read_header(bytes, f) || f->bytes > bytes.len)
		return false;
	rest = behind(bytes, f->bytes);
	return rest.len < HEADER_BYTES || read_header(rest, &next);
}

static struct span skip_lead_in(struct span file)
{
	struct frame f;

	for (size_t n = 0; n < LEAD_IN_MAX && n < file.len; n++)
		if (is_frame(behind(file, n), &f))
			return behind(file, n);
	return file;
}

/* The encoder's own frame, which plays as silence and tells the file's length. */
static bool is_info(struct span bytes, const struct frame *f)
{
	struct span tag = behind(bytes, f->side_at + f->side_bytes);

	return span_starts(tag, SPAN("Xing")) || span_starts(tag, SPAN("Info")) ||
	       span_starts(behind(bytes, HEADER_BYTES + 32), SPAN("VBRI"));
}

static bool fits(struct mp3_kind *kind, const struct frame *f)
{
	if (!kind->rate) {
		kind->rate = f->rate;
		kind->kbps = f->kbps;
		kind->channels = f->channels;
		kind->frame_samples = f->samples;
	}
	return kind->rate == f->rate && kind->kbps == f->kbps && kind->channels == f->channels;
}

struct mp3_kind mp3_default(void)
{
	return (struct mp3_kind){.rate = 44100, .kbps = 128, .channels = 1, .frame_samples = 1152};
}

bool mp3_look(struct span file, struct mp3_kind *kind_out)
{
	struct frame f;

	*kind_out = (struct mp3_kind){0};
	return read_header(skip_lead_in(skip_id3(file)), &f) && fits(kind_out, &f);
}

bool mp3_append(struct buf *out, struct span file, struct mp3_kind *kind)
{
	struct span  rest = skip_lead_in(skip_id3(file));
	struct frame f;
	size_t       before = out->len;

	while (read_header(rest, &f) && f.bytes <= rest.len) {
		if (!is_info(rest, &f)) {
			if (!fits(kind, &f))
				return false;
			buf_add(out, rest.ptr, f.bytes);
			kind->samples_n += f.samples;
		}
		rest = behind(rest, f.bytes);
	}
	return out->len > before && rest.len <= TRAILER_MAX && !out->is_full;
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
