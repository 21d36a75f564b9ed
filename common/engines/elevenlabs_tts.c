/* elevenlabs_tts.c -- voices of ElevenLabs.
 *
 * Each run of words is one request; the silence between runs is made here, as
 * empty frames of the kind that came, so that the file keeps one constant bit
 * rate. WAV is asked for as 24 kHz samples, which every plan includes. */
#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/utf8.h"
#include "../domain/voice/mp3.h"
#include "../domain/voice/wav.h"
#include "engines.h"
#include "upstream.h"

#include <assert.h>

#define VENDOR_URL  "https://api.elevenlabs.io"
#define AUDIO_MAX   ((size_t)16 << 20)
#define TEXT_MAX    ((size_t)64 << 10)
#define VOICE_MAX   64u
#define CONNECT_MS  2000u
#define IDLE_MS     5000u
#define KBPS        128u /* clients tell playing time from the size */
#define WAV_RATE    24000u
#define MS_PER_CHAR 2u /* longer words take longer until their first sound */

static struct settings {
	const char *key, *base_url, *voice, *model;
	int64_t     first_ms, timeout_ms, daily_characters;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, key, "ELEVENLABS_API_KEY", .flags = CFG_SECRET,
                .help = "key for ElevenLabs"),
	CFG_KEY_URL(settings, base_url, "ELEVENLABS_BASE_URL", .fallback = VENDOR_URL,
                .help = "ElevenLabs or a compatible server, which needs no key"),
	CFG_KEY_INT(settings, daily_characters, "ELEVENLABS_DAILY_CHARACTERS", .fallback = "200000",
                .min = 0, .max = INT64_C(1) << 50,
                .help = "characters ElevenLabs speaks in a day (UTC); then others do; 0: no limit"),
	CFG_KEY_STR(settings, voice, "ELEVENLABS_VOICE_ID", .fallback = "JBFqnCBsd6RMkjVDRZzb",
                .help = "the voice that speaks when the caller names none"),
	CFG_KEY_STR(settings, model, "ELEVENLABS_MODEL", .fallback = "eleven_flash_v2_5",
                .help = "the model that speaks"),
	CFG_KEY_INT(settings, first_ms, "ELEVENLABS_FIRST_MS", .fallback = "2000", .min = 50,
                .max = 300000,
                .help = "longest wait for the first sound, and 2 ms more for each character"),
	CFG_KEY_INT(settings, timeout_ms, "ELEVENLABS_MS", .fallback = "10000", .min = 100,
                .max = 600000, .help = "longest time for one run of words"),
};
static const struct cfg_group elevenlabs_settings = {"ElevenLabs", &settings, keys, COUNT(keys)};

static bool is_configured(void)
{
	return upstream_is_configured(settings.key, settings.base_url, VENDOR_URL);
}

/* It becomes a part of the address, so nothing but letters and digits. */
static const char *voice_for(const struct speech_order *order)
{
	size_t n = order->voice ? strspn(order->voice, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                               "abcdefghijklmnopqrstuvwxyz0123456789")
	                        : 0;

	return n && n <= VOICE_MAX && !order->voice[n] ? order->voice : settings.voice;
}

static struct err *request_of(struct ctx *cx, const char *text, struct span *out)
{
	struct json_out *j = json_new(cx->arena, TEXT_MAX * 2);

	json_obj(j, NULL);
	json_str(j, "text", text);
	json_str(j, "model_id", settings.model);
	json_end(j);
	return json_finish(cx, j, out);
}

static struct err *fetch(struct ctx *cx, const struct speech_order *order, const char *text,
                         struct span *audio_out)
{
	const char       *headers[] = {"Content-Type: application/json", NULL, NULL};
	const char       *format = order->format == SPEECH_WAV ? "pcm_24000" : "mp3_44100_128";
	struct http_call  call = {.method = "POST", .headers = headers, .reply_max = AUDIO_MAX};
	struct http_reply reply;
	struct bill       bill;
	struct err       *e;

	call.url = upstream_url(cx, settings.base_url, "/v1",
	                        arena_printf(cx->arena, "/text-to-speech/%s?output_format=%s",
	                                     voice_for(order), format));
	if (!str_is_blank(settings.key))
		headers[1] = upstream_secret_header(cx, "xi-api-key", settings.key);
	TRY(request_of(cx, text, &call.body));
	call.limits = (struct http_limits){
		.connect_ms = CONNECT_MS,
		.first_ms = (unsigned)settings.first_ms + (unsigned)strlen(text) * MS_PER_CHAR,
		.idle_ms = IDLE_MS,
		.total_ms = (unsigned)settings.timeout_ms,
	};
	bill = meter_ask(cx, &elevenlabs_tts.p, (int64_t)utf8_length(span_of(text)));
	e = upstream_call(cx, &call, &reply);
	if (e)
		meter_settle_failed(&bill, e);
	TRY(e);
	if (span_starts_nocase(span_of(reply.content_type), SPAN("text/")) ||
	    span_starts_nocase(span_of(reply.content_type), SPAN("application/json")))
		FAIL(cx, ERR_UPSTREAM, "the answer is not audio");
	if (!reply.body.len)
		FAIL(cx, ERR_UPSTREAM, "the answer has no audio");
	*audio_out = reply.body;
	return NULL;
}

/* The words from piece *i on up to the next silence, which *i is left at. */
static const char *run_of_words(struct ctx *cx, const struct speech_order *order, size_t *i)
{
	struct buf text = buf_new(cx->arena, TEXT_MAX);

	for (;; (*i)++) {
		if (text.len && order->pieces[*i].text[0])
			buf_char(&text, ' ');
		buf_str(&text, order->pieces[*i].text);
		if (order->pieces[*i].pause_ms || *i + 1 == order->n)
			return buf_text(&text);
	}
}

/* One run and the silence behind it. */
struct stretch {
	struct span audio; /* empty for silence only */
	unsigned    pause_ms;
};

static struct err *fetch_all(struct ctx *cx, const struct speech_order *order,
                             struct stretch *stretches, size_t *n_out)
{
	*n_out = 0;
	for (size_t i = 0; i < order->n; i++) {
		struct stretch *s = &stretches[(*n_out)++];
		const char     *text = run_of_words(cx, order, &i);

		if (!str_is_blank(text))
			TRY(fetch(cx, order, text, &s->audio));
		s->pause_ms = order->pieces[i].pause_ms;
	}
	return NULL;
}

static struct err *join_mp3(struct ctx *cx, const struct stretch *stretches, size_t n,
                            struct speech *out)
{
	struct buf      joined = buf_new(cx->arena, AUDIO_MAX);
	struct mp3_kind kind = mp3_default();
	size_t          first = 0;

	/* Silence before the first words must be of their kind, too. */
	while (first < n && !stretches[first].audio.len)
		first++;
	if (first < n && !mp3_look(stretches[first].audio, &kind))
		FAIL(cx, ERR_UPSTREAM, "the answer is not MP3");
	if (kind.kbps != KBPS)
		FAIL(cx, ERR_UPSTREAM, "MP3 of %u kbit/s", kind.kbps);
	if (kind.channels != 1)
		LOG(LOG_WARN, cx, "speech_not_mono", F_INT("channels", kind.channels));
	for (size_t i = 0; i < n; i++) {
		if (stretches[i].audio.len && !mp3_append(&joined, stretches[i].audio, &kind))
			FAIL(cx, ERR_UPSTREAM, "the answers are not MP3 of one kind");
		mp3_append_silence(&joined, &kind, stretches[i].pause_ms);
	}
	if (joined.is_full)
		FAIL(cx, ERR_UPSTREAM, "more than %zu bytes of audio", AUDIO_MAX);
	*out = (struct speech){buf_span(&joined), mp3_ms(&kind)};
	return NULL;
}

static size_t pause_samples(unsigned ms)
{
	return (size_t)ms * WAV_RATE / 1000;
}

static struct err *join_wav(struct ctx *cx, const struct stretch *stretches, size_t n,
                            struct speech *out)
{
	size_t   total = 0, at = 0;
	int16_t *samples;

	for (size_t i = 0; i < n; i++)
		total += stretches[i].audio.len / 2 + pause_samples(stretches[i].pause_ms);
	if (total > AUDIO_MAX)
		FAIL(cx, ERR_UPSTREAM, "%zu samples of audio", total);
	samples = arena_alloc_array(cx->arena, total, sizeof(*samples));
	for (size_t i = 0; i < n; i++) {
		struct span audio = stretches[i].audio;

		if (audio.len)
			memcpy(samples + at, audio.ptr, audio.len / 2 * 2);
		at += audio.len / 2 + pause_samples(stretches[i].pause_ms);
	}
	*out = (struct speech){wav_file(cx->arena, samples, total, WAV_RATE),
	                       (unsigned)(total * 1000 / WAV_RATE)};
	return NULL;
}

static struct err *speak_order(struct ctx *cx, const struct speech_order *order, struct speech *out)
{
	struct stretch stretches[SPEECH_PIECES_MAX] = {0};
	size_t         n;

	assert(order->n <= SPEECH_PIECES_MAX);
	TRY(fetch_all(cx, order, stretches, &n));
	if (order->format == SPEECH_WAV)
		return join_wav(cx, stretches, n, out);
	return join_mp3(cx, stretches, n, out);
}

struct tts_engine elevenlabs_tts = {
	.p = {.name = "elevenlabs",
          .settings = &elevenlabs_settings,
          .base_url = &settings.base_url,
          .unit = METER_CHARACTERS,
          .daily_max = &settings.daily_characters,
          .is_configured = is_configured},
	.speak = speak_order,
};
