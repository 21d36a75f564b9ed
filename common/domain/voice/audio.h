/* audio.h -- what audio is: containers by their first bytes, PCM, energy. */
#ifndef AUDIO_H
#define AUDIO_H

#include "../../base/base.h"

/* format, name, file name for upload, MIME type */
#define AUDIO_FORMATS(X) \
	X(AUDIO_UNKNOWN, "unknown", "audio.bin", "application/octet-stream") \
	X(AUDIO_WAV, "wav", "audio.wav", "audio/wav") \
	X(AUDIO_WEBM, "webm", "audio.webm", "audio/webm") \
	X(AUDIO_OGG, "ogg", "audio.ogg", "audio/ogg") \
	X(AUDIO_MP3, "mp3", "audio.mp3", "audio/mpeg") \
	X(AUDIO_FLAC, "flac", "audio.flac", "audio/flac") \
	X(AUDIO_M4A, "m4a", "audio.m4a", "audio/mp4")

enum audio_format {
#define X(format, name, file, mime) format,
	AUDIO_FORMATS(X)
#undef X
};

/* 16 kHz mono float samples in -1..1, the rate Whisper listens at. */
#define PCM_RATE 16000u
struct pcm {
	const float *samples;
	size_t       n;
};

/* The longest recording taken; an encoder's padding may go a little beyond two exact minutes. */
#define AUDIO_SECONDS_MAX 120u
#define AUDIO_SAMPLES_MAX ((size_t)AUDIO_SECONDS_MAX * PCM_RATE + PCM_RATE / 5)

/* Told from the bytes alone; AUDIO_UNKNOWN when none fits. */
enum audio_format audio_sniff(struct span bytes);

/* The columns of the table above. */
const char *audio_format_name(enum audio_format format) NEVER_NULL;
/* With the extension that uploads need. */
const char *audio_file_name(enum audio_format format) NEVER_NULL;
const char *audio_mime_type(enum audio_format format) NEVER_NULL;

/* How long it plays, rounded down. */
unsigned pcm_ms(struct pcm pcm);

#endif
