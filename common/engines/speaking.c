/* speaking.c -- the voices we know, in default order. */
#include "speaking.h"

#include "engines.h"

static struct settings {
	const char *providers;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(settings, providers, "TTS_PROVIDERS",
                 .help = "voices in order: elevenlabs, local; "
                         "default: elevenlabs if it has a key, then local"),
};
static const struct cfg_group order_settings = {"Speaking", &settings, keys, COUNT(keys)};

static struct provider *const known[] = {&elevenlabs_tts.p, &flite_tts.p};

struct chain speaking = {
	.capability = "tts",
	.known = known,
	.known_n = COUNT(known),
	.settings = &order_settings,
	.wanted = &settings.providers,
};

struct job {
	const struct speech_order *order;
	struct speech             *out;
};

static struct err *attempt(struct provider *p, struct ctx *cx, void *data)
{
	const struct job        *job = data;
	const struct tts_engine *engine = (const struct tts_engine *)(const void *)p;

	*job->out = (struct speech){0};
	return engine->speak(cx, job->order, job->out);
}

const char *speech_format_name(enum speech_format format)
{
	return format == SPEECH_WAV ? "wav" : "mp3";
}

struct err *speak(struct ctx *cx, const struct speech_order *order, struct speech *out,
                  struct chain_result *served_out)
{
	struct job job = {order, out};

	TRY(chain_run(cx, &speaking, attempt, &job, served_out));
	out->is_truncated = served_out->late != NULL;
	return NULL;
}
