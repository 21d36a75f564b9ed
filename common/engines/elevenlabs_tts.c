/* elevenlabs_tts.c -- voices of ElevenLabs.
 *
 * Each run of words is one request, whose sound goes on as it comes; the silence between runs is
 * made here. It comes as MP3 of the kind we promise, or as samples that are made MP3 here: the
 * latter join to what is before and behind without their encoder's gap. */
#include "../base/json_out.h"
#include "../base/utf8.h"
#include "engines.h"
#include "upstream.h"
#include "voice_out.h"

#include <assert.h>

#define VENDOR_URL  "https://api.elevenlabs.io"
#define AUDIO_MAX   ((size_t)16 << 20)
#define TEXT_MAX    ((size_t)64 << 10)
#define CONTEXT_MAX 300u /* bytes of what is said before and after */
#define VOICE_MAX   64u
#define CONNECT_MS  2000u
#define WAV_RATE    24000u /* every plan includes it */
#define MS_PER_CHAR 2u     /* longer words take longer until their first sound */
#define SAMPLES_MAX 4096u  /* looked at at once */

static struct settings {
	const char *key, *base_url, *voice, *model;
	int64_t     first_ms, idle_ms, timeout_ms, daily_characters, pcm_rate, latency;
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
	CFG_KEY_INT(settings, idle_ms, "ELEVENLABS_IDLE_MS", .fallback = "3000", .min = 50,
                .max = 300000, .help = "longest silence between two pieces of sound"),
	CFG_KEY_INT(settings, latency, "ELEVENLABS_LATENCY", .fallback = "0", .min = 0, .max = 4,
                .help = "optimize_streaming_latency, for models that know it: 0 (nothing) to 4"),
	CFG_KEY_INT(settings, pcm_rate, "ELEVENLABS_PCM_HZ", .fallback = "0", .min = 0, .max = 48000,
                .help =
                    "samples of this rate are asked for and made MP3 here: 16000, 22050, 24000; "
                    "0: MP3 is asked for"),
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

/* One run of words and the silence behind it. */
struct run {
	const char *text; /* "" for silence only */
	unsigned    pause_ms;
};

/* What is said around a run, the nearest of it. */
struct context {
	const char *before, *after; /* "": nothing */
};

/* Models of this name take no context. */
static bool takes_context(void)
{
	return !span_starts(span_of(settings.model), SPAN("eleven_v3"));
}

static struct span last_of(const char *text, size_t max)
{
	struct span all = span_trim(span_of(text));
	size_t      at = all.len > max ? all.len - max : 0;

	while (at < all.len && ((unsigned char)all.ptr[at] & 0xc0) == 0x80)
		at++;
	return (struct span){all.ptr + at, all.len - at};
}

static void write_context(struct json_out *j, const char *name, struct span text)
{
	if (text.len && takes_context())
		json_span(j, name, text);
}

static struct err *request_of(struct ctx *cx, const char *text, const struct context *around,
                              struct span *out)
{
	struct json_out *j = json_new(cx->arena, TEXT_MAX * 2);

	json_obj(j, NULL);
	json_str(j, "text", text);
	json_str(j, "model_id", settings.model);
	write_context(j, "previous_text", last_of(around->before, CONTEXT_MAX));
	write_context(j, "next_text", utf8_prefix(span_trim(span_of(around->after)), CONTEXT_MAX));
	json_end(j);
	return json_finish(cx, j, out);
}

/* ---- sound as it comes ---- */

/* 0: MP3. */
static unsigned rate_of(const struct speech_order *order)
{
	unsigned rate = (unsigned)settings.pcm_rate;

	return order->format == SPEECH_WAV && !rate ? WAV_RATE : rate;
}

struct stream {
	struct ctx       *cx;
	struct exchange  *exchange;
	struct voice_out *out;
	unsigned          rate;
	struct mp3_reader reader;
	char              half; /* of a sample */
	bool              has_half, has_begun;
	uint64_t          useful_n; /* frames or samples so far */
	struct err       *failed;
};

/* An error page read as samples would be heard. */
static struct err *check_type(const struct stream *s)
{
	struct span type = span_of(http_content_type(s->exchange));

	if (span_starts_nocase(type, SPAN("text/")) ||
	    span_starts_nocase(type, SPAN("application/json")))
		FAIL(s->cx, ERR_UPSTREAM, "the answer is not audio");
	return NULL;
}

static struct err *take_samples(struct stream *s, struct span bytes)
{
	int16_t samples[SAMPLES_MAX];
	char   *into = (char *)samples;

	while (bytes.len) {
		size_t has = s->has_half, n = sizeof(samples) - has;

		if (n > bytes.len)
			n = bytes.len;
		into[0] = s->half;
		memcpy(into + has, bytes.ptr, n);
		bytes = (struct span){bytes.ptr + n, bytes.len - n};
		n += has;
		s->has_half = n % 2;
		s->half = into[n - 1];
		s->useful_n += n / 2;
		TRY(voice_out_samples(s->out, samples, n / 2));
	}
	return NULL;
}

static struct err *take_bytes(struct stream *s, struct span bytes)
{
	struct err *e;

	if (!s->has_begun)
		TRY(check_type(s));
	s->has_begun = true;
	if (s->rate)
		return take_samples(s, bytes);
	e = voice_out_mp3(s->out, &s->reader, bytes, false);
	s->useful_n = s->reader.frames_n;
	return e;
}

/* A drop that makes nothing whole is no sign of life. */
static enum http_verdict take_piece(const struct http_piece *piece, void *data)
{
	struct stream *s = data;
	uint64_t       before = s->useful_n;

	s->failed = take_bytes(s, piece->data);
	if (s->failed)
		return HTTP_STOP;
	http_want(s->exchange, voice_out_wanted(s->out));
	return s->useful_n > before ? HTTP_USEFUL : HTTP_GO_ON;
}

static struct err *end_of_stream(struct stream *s)
{
	if (!s->rate)
		TRY(voice_out_mp3(s->out, &s->reader, SPAN(""), true));
	if (!s->useful_n)
		FAIL(s->cx, ERR_UPSTREAM, "the answer has no audio");
	return NULL;
}

/* ---- asking ---- */

static const char *address_of(struct ctx *cx, const struct speech_order *order)
{
	struct buf path = buf_new(cx->arena, 0);
	unsigned   rate = rate_of(order);

	buf_printf(&path, "/text-to-speech/%s/stream?output_format=", voice_for(order));
	if (rate)
		buf_printf(&path, "pcm_%u", rate);
	else
		buf_str(&path, "mp3_44100_128");
	if (settings.latency)
		buf_printf(&path, "&optimize_streaming_latency=%d", (int)settings.latency);
	return upstream_url(cx, settings.base_url, "/v1", buf_text(&path));
}

static struct http_limits limits_for(const char *text)
{
	return (struct http_limits){
		.connect_ms = CONNECT_MS,
		.first_ms = (unsigned)settings.first_ms + (unsigned)strlen(text) * MS_PER_CHAR,
		.idle_ms = (unsigned)settings.idle_ms,
		.total_ms = (unsigned)settings.timeout_ms,
	};
}

static struct err *exchange(struct ctx *cx, const struct http_call *call, struct stream *s)
{
	struct http_reply reply;
	struct err       *e;

	s->exchange = http_begin(cx, call);
	e = upstream_end(cx, s->exchange, &reply);
	if (s->failed || e)
		return s->failed ? s->failed : e;
	return end_of_stream(s);
}

/* What was spoken of it is paid, however it ended. */
static struct err *say_words(struct ctx *cx, const struct speech_order *order, const char *text,
                             const struct context *around, struct voice_out *out)
{
	const char      *headers[] = {"Content-Type: application/json", NULL, NULL};
	struct stream   *stream = NEW(cx->arena, struct stream);
	struct http_call call = {.method = "POST",
	                         .url = address_of(cx, order),
	                         .headers = headers,
	                         .limits = limits_for(text),
	                         .reply_max = AUDIO_MAX,
	                         .on_data = take_piece,
	                         .data = stream};
	struct bill      bill;
	struct err      *e;

	*stream = (struct stream){.cx = cx, .out = out, .rate = rate_of(order)};
	if (!str_is_blank(settings.key))
		headers[1] = upstream_secret_header(cx, "xi-api-key", settings.key);
	TRY(request_of(cx, text, around, &call.body));
	bill = meter_ask(cx, &elevenlabs_tts.p, (int64_t)utf8_length(span_of(text)));
	e = exchange(cx, &call, stream);
	if (e && !stream->useful_n)
		meter_settle_failed(&bill, e);
	else
		meter_settle(&bill, bill.amount);
	return e;
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

static size_t read_runs(struct ctx *cx, const struct speech_order *order, struct run *runs)
{
	size_t n = 0;

	for (size_t i = 0; i < order->n; i++) {
		struct run *run = &runs[n++];

		run->text = run_of_words(cx, order, &i);
		run->pause_ms = order->pieces[i].pause_ms;
	}
	return n;
}

static struct context around(const struct speech_order *order, const struct run *runs, size_t n,
                             size_t at)
{
	struct context out = {order->before ? order->before : "", order->after ? order->after : ""};

	for (size_t i = 0; i < at; i++)
		if (!str_is_blank(runs[i].text))
			out.before = runs[i].text;
	for (size_t i = n; i > at + 1; i--)
		if (!str_is_blank(runs[i - 1].text))
			out.after = runs[i - 1].text;
	return out;
}

static struct err *say_runs(struct ctx *cx, const struct speech_order *order, struct voice_out *out)
{
	struct run runs[SPEECH_PIECES_MAX];
	size_t     n = read_runs(cx, order, runs);

	for (size_t i = 0; i < n; i++) {
		struct context context = around(order, runs, n, i);

		if (!str_is_blank(runs[i].text))
			TRY(say_words(cx, order, runs[i].text, &context, out));
		TRY(voice_out_silence(out, runs[i].pause_ms));
	}
	return NULL;
}

static struct err *speak_order(struct ctx *cx, const struct speech_order *order, struct speech *out)
{
	struct voice_out *spoken;

	assert(order->n <= SPEECH_PIECES_MAX);
	TRY(voice_out_open(cx, order, rate_of(order), &spoken));
	return voice_out_end(spoken, say_runs(cx, order, spoken), out);
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
