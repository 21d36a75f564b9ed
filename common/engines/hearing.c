/* hearing.c -- the recognisers we know, in default order. */
#include "hearing.h"

#include "engines.h"

static struct settings {
	const char *providers;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(settings, providers, "STT_PROVIDERS",
                 .help = "recognisers in order: groq, local; "
                         "default: groq if it has a key, then local"),
};
static const struct cfg_group order_settings = {"Hearing", &settings, keys, COUNT(keys)};

static struct provider *const known[] = {&groq_stt.p, &whisper_stt.p};

struct chain hearing = {
	.capability = "stt",
	.known = known,
	.known_n = COUNT(known),
	.settings = &order_settings,
	.wanted = &settings.providers,
};

struct job {
	const struct recording *in;
	struct heard           *out;
};

static struct err *attempt(struct provider *p, struct ctx *cx, void *data)
{
	const struct job        *job = data;
	const struct stt_engine *engine = (const struct stt_engine *)(const void *)p;

	*job->out = (struct heard){0};
	return engine->transcribe(cx, job->in, job->out);
}

struct err *hear(struct ctx *cx, const struct recording *in, struct heard *out,
                 struct chain_result *served_out)
{
	struct job job = {in, out};

	return chain_run(cx, &hearing, attempt, &job, served_out);
}
