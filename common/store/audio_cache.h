/* audio_cache.h -- the audio_cache table: speech already made, found by what it says. */
#ifndef STORE_AUDIO_CACHE_H
#define STORE_AUDIO_CACHE_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"

extern const struct cfg_group audio_cache_settings;

struct cached_speech {
	struct span audio; /* ptr NULL: not there */
	const char *provider;
};

/* The text itself is not kept: `key` is a hash over whose it is, text, voice, format and
 * provider. */
struct err *audio_cache_find(struct ctx *cx, const struct hash *key,
                             struct cached_speech *out) CHECKED;

/* Keeps it and drops what was not used for longest while the total is over
 * AUDIO_CACHE_BYTES. `format` is "mp3" or "wav"; with a session_id, which may be NULL, it goes with
 * its session. */
struct err *audio_cache_keep(struct ctx *cx, const struct hash *key, const char *format,
                             const char *session_id, const struct cached_speech *speech) CHECKED;

#endif
