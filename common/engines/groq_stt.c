/* groq_stt.c -- Whisper at Groq. */
#include "../base/str.h"
#include "../domain/voice/wav.h"
#include "engines.h"
#include "upstream.h"

#include <math.h>

#define VENDOR_URL   "https://api.groq.com"
#define REPLY_MAX    ((size_t)1 << 20)
#define SEGMENTS_MAX 2000u
#define CONNECT_MS   2000u

static struct settings {
	const char *key, *base_url, *model, *models;
	int64_t     timeout_ms, daily_seconds;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, key, "GROQ_API_KEY", .flags = CFG_SECRET, .help = "key for Groq"),
	CFG_KEY_URL(settings, base_url, "GROQ_BASE_URL", .fallback = VENDOR_URL,
                .help = "Groq, or a compatible server, which needs no key"),
	CFG_KEY_INT(settings, daily_seconds, "GROQ_DAILY_AUDIO_SECONDS", .fallback = "200000", .min = 0,
                .max = INT32_MAX,
                .help = "audio Groq hears in a day (UTC); then others do; 0: no limit"),
	CFG_KEY_STR(settings, model, "GROQ_STT_MODEL", .fallback = "whisper-large-v3-turbo",
                .help = "the recogniser asked for when the caller names none"),
	CFG_KEY_LIST(settings, models, "GROQ_STT_MODELS", .fallback = "whisper-large-v3",
                 .help = "other recognisers a caller may name"),
	CFG_KEY_INT(settings, timeout_ms, "GROQ_STT_MS", .fallback = "10000", .min = 100, .max = 600000,
                .help = "longest time for one transcription"),
};
static const struct cfg_group groq_settings = {"Groq transcription", &settings, keys, COUNT(keys)};

static bool is_configured(void)
{
	return upstream_is_configured(settings.key, settings.base_url, VENDOR_URL);
}

static const char *model_for(const struct recording *in)
{
	struct span rest = span_of(settings.models ? settings.models : ""), item;

	while (in->model && cfg_next_item(&rest, &item))
		if (span_equal(item, span_of(in->model)))
			return in->model;
	return settings.model;
}

/* Browsers send WAV at 48 kHz; what Whisper listens at is a third of the bytes to
 * upload. Other containers are small already. */
static struct span upload_of(struct ctx *cx, const struct recording *in)
{
	int16_t *samples;

	if (in->format != AUDIO_WAV || !in->pcm.n)
		return in->bytes;
	samples = arena_alloc_array(cx->arena, in->pcm.n, sizeof(*samples));
	for (size_t i = 0; i < in->pcm.n; i++)
		samples[i] = (int16_t)lrintf(fmaxf(-1, fminf(1, in->pcm.samples[i])) * 32767);
	return wav_file(cx->arena, samples, in->pcm.n, PCM_RATE);
}

/* Evidence a compatible server does not give speaks neither for nor against. */
static struct heard_segment segment_of(struct ctx *cx, const struct cJSON *s)
{
	const char *text = json_text_at(s, "text");

	return (struct heard_segment){
		.text = arena_strdup(cx->arena, text ? text : ""),
		.start_s = json_num_at(s, "start", 0),
		.end_s = json_num_at(s, "end", 0),
		.no_speech_prob = json_num_at(s, "no_speech_prob", 0),
		.avg_logprob = json_num_at(s, "avg_logprob", 0),
		.compression_ratio = json_num_at(s, "compression_ratio", 1),
	};
}

static struct err *read_reply(struct ctx *cx, struct span body, struct heard *out)
{
	const struct cJSON   *root, *segments;
	const char           *text;
	struct heard_segment *to;
	size_t                n;

	TRY(upstream_json(cx, body, &root));
	text = json_text_at(root, "text");
	segments = json_at(root, "segments");
	if (!text)
		FAIL(cx, ERR_UPSTREAM, "the transcription has no text");
	n = segments ? json_count(segments) : 0;
	if (n > SEGMENTS_MAX)
		FAIL(cx, ERR_UPSTREAM, "%zu segments", n);
	to = NEW_ARRAY(cx->arena, struct heard_segment, n + 1);
	for (const struct cJSON *s = n ? json_first(segments) : NULL; s; s = json_next(s))
		to[out->n++] = segment_of(cx, s);
	if (!n && !str_is_blank(text))
		to[out->n++] = (struct heard_segment){.text = text,
		                                      .end_s = json_num_at(root, "duration", 0),
		                                      .compression_ratio = 1};
	out->segments = to;
	out->language = json_text_at(root, "language");
	return NULL;
}

static struct err *transcribe(struct ctx *cx, const struct recording *in, struct heard *out)
{
	const char       *headers[2] = {0};
	const char       *model = model_for(in);
	struct http_reply reply;
	struct bill       bill;
	struct err       *e;

	struct http_part parts[5] = {
		{.name = "file",
	     .filename = audio_file_name(in->format),
	     .content_type = audio_mime_type(in->format),
	     .content = upload_of(cx, in)},
		{.name = "model", .content = span_of(model)},
		{.name = "response_format", .content = SPAN("verbose_json")},
		{.name = "temperature", .content = SPAN("0")},
	};
	size_t n = 4;

	if (in->language)
		parts[n++] = (struct http_part){"language", .content = span_of(in->language)};
	if (!str_is_blank(settings.key))
		headers[0] = upstream_secret_header(cx, "Authorization",
		                                    arena_printf(cx->arena, "Bearer %s", settings.key));
	*out = (struct heard){.model = model};
	bill = meter_ask(cx, &groq_stt.p, pcm_ms(in->pcm));
	e = upstream_call(
		cx,
		&(struct http_call){
			.url = upstream_url(cx, settings.base_url, "/openai/v1", "/audio/transcriptions"),
			.headers = headers,
			.parts = parts,
			.parts_n = n,
			.limits = {.connect_ms = CONNECT_MS, .total_ms = (unsigned)settings.timeout_ms},
			.reply_max = REPLY_MAX,
		},
		&reply);
	if (e)
		meter_settle_failed(&bill, e);
	TRY(e);
	meter_settle(&bill, bill.amount);
	return read_reply(cx, reply.body, out);
}

struct stt_engine groq_stt = {
	.p = {.name = "groq",
          .settings = &groq_settings,
          .base_url = &settings.base_url,
          .unit = METER_AUDIO_MS,
          .daily_max = &settings.daily_seconds,
          .is_configured = is_configured},
	.transcribe = transcribe,
};
