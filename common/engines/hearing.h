/* hearing.h -- speech to text: Groq Whisper, then Whisper tiny on this machine. */
#ifndef HEARING_H
#define HEARING_H

#include "../domain/voice/speech_evidence.h"
#include "provider.h"

struct recording {
	struct span       bytes;    /* as sent by the client, already sniffed */
	enum audio_format format;   /* what the bytes are */
	struct pcm        pcm;      /* the same, decoded: 16 kHz mono */
	const char       *language; /* ISO-639-1, NULL: detect */
	const char       *model;    /* one the engine allows; NULL or unknown: its default */
};

struct heard {
	const struct heard_segment *segments;
	size_t                      n;
	const char                 *language; /* ISO-639-1 or the engine's name for it; NULL unknown */
	const char                 *model;    /* the model that answered */
};

struct stt_engine {
	struct provider p;
	struct err *(*transcribe)(struct ctx *cx, const struct recording *in, struct heard *out);
};

extern struct chain hearing;

/* The recogniser on this machine is loaded when somebody is first to be heard by it, not when the
 * program starts. Before that. */
void hearing_may_wait(void);

/* What was said, by the first engine that can tell; errors as chain_run. */
struct err *hear(struct ctx *cx, const struct recording *in, struct heard *out,
                 struct chain_result *served_out) CHECKED;

#endif
