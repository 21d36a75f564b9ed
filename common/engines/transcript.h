/* transcript.h -- what was said in a recording: from a stranger's bytes to words that somebody did
 * say. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "../base/cfg.h"
#include "../base/ctx.h"

#define RECORDING_BASE64_MAX   ((int64_t)16 << 20) /* characters; 120 s of 48 kHz PCM16 fit */
#define RECORDING_BYTES_MAX    ((size_t)(RECORDING_BASE64_MAX / 4 * 3))
#define RECORDING_LANGUAGE_MAX 40

/* The settings of what it takes, a list for struct service. */
#define TRANSCRIPT_SETTINGS &decoders_settings, &hearing_budget_settings
extern const struct cfg_group decoders_settings, hearing_budget_settings;

struct transcript {
	const char *text;                        /* "": nobody said anything */
	const char *model, *provider, *language; /* NULL: nobody was asked; it is not known */
	double      confidence;
	unsigned    audio_ms;
	bool        is_degraded; /* another engine heard it than should have */
};

struct transcript_order {
	struct span bytes;    /* the recording; its container is told from them */
	const char *language; /* as people write one; NULL: to be heard */
	const char *model;    /* NULL, or one nobody knows: the engine's own */
};

/* The bytes of a recording in base64; "data:audio/wav;base64," in front is tolerated. ERR_AUDIO
 * where it is no base64, ERR_TOO_LARGE: both name the field audio_base64. */
struct err *recording_decode(struct ctx *cx, const char *base64, struct span *out) CHECKED;

/* The field `language` of a request: ERR_INPUT where it can be none. */
struct err *recording_language_check(struct ctx *cx, const char *language) CHECKED;

/* Decodes the recording in a process of its own, charges it to the address, and has it heard by
 * the first engine that can. Where nothing can have been said nobody is asked. Ask
 * hearing_budget_check() before, and the session. Errors of decoders_decode, hearing_budget_take
 * and chain_run; ERR_TOO_LARGE above RECORDING_BYTES_MAX. */
struct err *transcript_of(struct ctx *cx, const struct transcript_order *order,
                          struct transcript *out) CHECKED;

#endif
