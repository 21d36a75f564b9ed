/* audio.c -- containers told from their first bytes.
 *
 * A label (Content-Type, file name, data URL) is what a client says; the
 * bytes are what a decoder will see. Only containers that begin with a fixed
 * mark are easy; MP3 has none, so one is only called MP3 when a second frame
 * follows where the first one says it ends. */
#include "audio.h"

#include <string.h>

/* Where padding may stand between an ID3 tag and the first frame. */
#define ID3_PADDING_MAX 4096u
#define ID3_HEADER      10u
#define MP3_HEADER      4u
#define FTYP_MIN        8u
#define FTYP_MAX        1024u /* a file type box lists brands of four letters; it is never long */

static const char *const names[] = {
#define X(format, name, file, mime) [format] = (name),
	AUDIO_FORMATS(X)
#undef X
};
static const char *const files[] = {
#define X(format, name, file, mime) [format] = (file),
	AUDIO_FORMATS(X)
#undef X
};
static const char *const mimes[] = {
#define X(format, name, file, mime) [format] = (mime),
	AUDIO_FORMATS(X)
#undef X
};

static bool has_mark(struct span bytes, size_t at, struct span mark)
{
	return bytes.len >= at + mark.len && memcmp(bytes.ptr + at, mark.ptr, mark.len) == 0;
}

static unsigned byte_at(struct span bytes, size_t at)
{
	return (unsigned char)bytes.ptr[at];
}

/* Length in bytes of the layer III frame whose header stands at `at`; 0 when
 * there is none. Free-format and reserved values are no sane header. */
static size_t mp3_frame_bytes(struct span bytes, size_t at)
{
	static const unsigned short kbits_v1[] = {0,   32,  40,  48,  56,  64,  80,  96,
	                                          112, 128, 160, 192, 224, 256, 320, 0};
	static const unsigned short kbits_v2[] = {0,  8,  16, 24,  32,  40,  48,  56,
	                                          64, 80, 96, 112, 128, 144, 160, 0};
	static const unsigned short rates[] = {44100, 48000, 32000, 0};
	unsigned                    version, kbits, rate;

	if (bytes.len < at + MP3_HEADER || byte_at(bytes, at) != 0xff)
		return 0;
	if ((byte_at(bytes, at + 1) & 0xe6) != 0xe2) /* sync and layer III */
		return 0;
	version = (byte_at(bytes, at + 1) >> 3) & 3; /* 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5 */
	kbits = (version == 3 ? kbits_v1 : kbits_v2)[byte_at(bytes, at + 2) >> 4];
	rate = rates[(byte_at(bytes, at + 2) >> 2) & 3];
	if (version == 1 || !kbits || !rate)
		return 0;
	rate >>= version == 3 ? 0 : version == 2 ? 1 : 2;
	return (version == 3 ? 144000u : 72000u) * kbits / rate + ((byte_at(bytes, at + 2) >> 1) & 1);
}

static bool is_mp3_at(struct span bytes, size_t at)
{
	size_t frame = mp3_frame_bytes(bytes, at);

	if (!frame)
		return false;
	/* A recording cut inside its first frame has nothing that could confirm it. */
	return bytes.len < at + frame + MP3_HEADER || mp3_frame_bytes(bytes, at + frame);
}

/* Bytes of an ID3v2 tag in front, header and footer included; 0 without one. */
static size_t id3_bytes(struct span bytes)
{
	size_t size = 0;

	if (!has_mark(bytes, 0, SPAN("ID3")) || bytes.len < ID3_HEADER)
		return 0;
	if (byte_at(bytes, 3) == 0xff || byte_at(bytes, 4) == 0xff)
		return 0;
	for (size_t i = 6; i < ID3_HEADER; i++) {
		if (byte_at(bytes, i) & 0x80)
			return 0;
		size = size << 7 | byte_at(bytes, i);
	}
	return ID3_HEADER + size + (byte_at(bytes, 5) & 0x10 ? ID3_HEADER : 0);
}

static bool is_mp3(struct span bytes)
{
	size_t at = id3_bytes(bytes);
	size_t end = at ? at + ID3_PADDING_MAX : 0;

	while (at < end && at < bytes.len && byte_at(bytes, at) == 0)
		at++;
	return is_mp3_at(bytes, at);
}

static bool is_mp4(struct span bytes)
{
	size_t size;

	if (!has_mark(bytes, 4, SPAN("ftyp")))
		return false;
	size = (size_t)byte_at(bytes, 0) << 24 | byte_at(bytes, 1) << 16 | byte_at(bytes, 2) << 8 |
	       byte_at(bytes, 3);
	return size >= FTYP_MIN && size <= FTYP_MAX;
}

enum audio_format audio_sniff(struct span bytes)
{
	if ((has_mark(bytes, 0, SPAN("RIFF")) || has_mark(bytes, 0, SPAN("RF64"))) &&
	    has_mark(bytes, 8, SPAN("WAVE")))
		return AUDIO_WAV;
	if (has_mark(bytes, 0, SPAN("\x1a\x45\xdf\xa3"))) /* EBML: WebM is a Matroska */
		return AUDIO_WEBM;
	if (has_mark(bytes, 0, SPAN("OggS\0")))
		return AUDIO_OGG;
	if (has_mark(bytes, 0, SPAN("fLaC")))
		return AUDIO_FLAC;
	if (is_mp4(bytes))
		return AUDIO_M4A;
	return is_mp3(bytes) ? AUDIO_MP3 : AUDIO_UNKNOWN;
}

const char *audio_format_name(enum audio_format format)
{
	return names[format];
}

const char *audio_file_name(enum audio_format format)
{
	return files[format];
}

const char *audio_mime_type(enum audio_format format)
{
	return mimes[format];
}

unsigned pcm_ms(struct pcm pcm)
{
	return (unsigned)(pcm.n * 1000 / PCM_RATE);
}
