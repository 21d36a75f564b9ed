/* speaking.h -- text to speech: ElevenLabs, then flite with LAME on this machine. */
#ifndef SPEAKING_H
#define SPEAKING_H

#include "../domain/voice/spoken_text.h"
#include "provider.h"

enum speech_format { SPEECH_MP3, SPEECH_WAV };
const char *speech_format_name(enum speech_format format) NEVER_NULL; /* "mp3", "wav" */

/* Some of an MP3: whole frames, which live as long as the call they are given in. */
struct speech_part {
	struct span frames;
	unsigned    ms, audible_ms; /* all of it, and without what players leave out */
	bool        is_last;
	/* As in struct speech; of the first part and of the last, else 0. */
	unsigned delay_samples, padding_samples;
};

struct speech_order {
	const struct speech_piece *pieces;
	size_t                     n;
	const char                *voice; /* provider's voice id, NULL: its default */
	enum speech_format         format;
	/* What is spoken before and after this, for engines whose tone goes by it; NULL: nothing. */
	const char *before, *after;
	/* MP3 only: each part as it is ready, the first one small; in order they are one file that
	 * plays by itself. In the thread of speak(), which may hold a place others wait for: it must
	 * not wait for a client. False: nobody wants more. NULL: all at once. */
	bool (*on_part)(const struct speech_part *part, void *data);
	void *data;
};

/* MP3: mono, 44.1 kHz, 128 kbit/s constant, without tags; the first frame needs none before it.
 * WAV: PCM16 mono. */
struct speech {
	struct span audio;                /* empty where it went out in parts */
	unsigned    audio_ms, audible_ms; /* all of it, and without what players leave out */
	/* Samples of an MP3 that a player leaves out at its ends to join it to others without a click;
	 * a voice that does not tell has a delay of 1105, which is LAME's and a decoder's. */
	unsigned delay_samples, padding_samples;
	bool     is_truncated; /* the engine failed after a part had gone out: it ends there */
};

struct tts_engine {
	struct provider p;
	struct err *(*speak)(struct ctx *cx, const struct speech_order *order, struct speech *out);
};

extern struct chain speaking;

/* The pieces aloud, by the first engine that can; errors as chain_run, and ERR_CANCELLED where
 * on_part wanted no more. No other engine is asked once a part has gone out: that it ends too early
 * is a success. From any number of threads. */
struct err *speak(struct ctx *cx, const struct speech_order *order, struct speech *out,
                  struct chain_result *served_out) CHECKED;

#endif
