/* speaking.h -- text to speech: ElevenLabs, then flite with LAME on this machine. */
#ifndef SPEAKING_H
#define SPEAKING_H

#include "../domain/voice/spoken_text.h"
#include "provider.h"

enum speech_format { SPEECH_MP3, SPEECH_WAV };
const char *speech_format_name(enum speech_format format) NEVER_NULL; /* "mp3", "wav" */

struct speech_order {
	const struct speech_piece *pieces;
	size_t                     n;
	const char                *voice; /* provider's voice id, NULL: its default */
	enum speech_format         format;
};

/* MP3: mono, 44.1 kHz or the engine's rate, 128 kbit/s constant. WAV: PCM16 mono. */
struct speech {
	struct span audio;
	unsigned    audio_ms;
};

struct tts_engine {
	struct provider p;
	struct err *(*speak)(struct ctx *cx, const struct speech_order *order, struct speech *out);
};

extern struct chain speaking;

/* The pieces aloud, by the first engine that can; errors as chain_run. */
struct err *speak(struct ctx *cx, const struct speech_order *order, struct speech *out,
                  struct chain_result *served_out) CHECKED;

#endif
