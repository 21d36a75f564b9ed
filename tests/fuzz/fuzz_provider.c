/* fuzz_provider.c -- an answer of an outside service, to what asked for it.
 *
 *   groq_stream                 what is asked, the name of one of `operations`
 *   status: 429                 200 where no line says it
 *   type: application/json
 *   retry-after: 3              and retry-after-ms
 *   step: 7                     bytes that come at once
 *   breaks: yes                 the call fails once the body is through; "maybe": and may have
 *                               been carried out
 *                               an empty line; the rest is the body
 *   {"error": ...}
 *
 * The calls themselves are the only part that is played (the Makefile's list for the linker), and
 * the tables that mails and messages are sent by. What comes of an answer is of use and within
 * bounds, or an error of a service whose words nobody has taken over. */
#include "../../common/base/json_in.h"
#include "../../common/base/log.h"
#include "../../common/base/utf8.h"
#include "../../common/base/vault.h"
#include "../../common/domain/lead/extract.h"
#include "../../common/domain/voice/mp3.h"
#include "../../common/domain/voice/wav.h"
#include "../../common/engines/engines.h"
#include "../../common/engines/openai_account.h"
#include "../../common/engines/openai_chat.h"
#include "../../common/engines/upstream.h"
#include "../../common/store/alerts.h"
#include "../../common/store/emails.h"
#include "../../common/store/leads.h"
#include "../../common/store/paces.h"
#include "../../common/work/mail.h"
#include "../../common/work/slack.h"
#include "fuzz.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* of what is called __wrap_ */

#include <assert.h>
#include <math.h>

#define ERROR_BODY_MAX ((size_t)64 << 10)
#define DETAIL_MAX     300u
#define HOUR_MS        3600000u
#define UUID_TEXT      "8c5a3d9e-0f6b-4b21-9d27-51d6a3c0e7f4"

/* ---- the answer ---- */

static struct {
	int         status;
	const char *type, *retry_after, *retry_after_ms;
	size_t      step;
	bool        breaks, may_be_done;
	struct span body;
} answer;

static int64_t number_of(const char *text, int64_t min, int64_t max, int64_t otherwise)
{
	int64_t n;

	return str_to_int(text, min, max, &n) ? n : otherwise;
}

static void take_header(struct arena *a, struct span line)
{
	const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
	size_t      n = colon ? (size_t)(colon - line.ptr) : line.len;
	struct span name = {line.ptr, n}, text = {line.ptr + n + !!colon, line.len - n - !!colon};
	const char *value;

	text = span_trim(text);
	value = arena_strndup(a, text.ptr, text.len);
	if (span_equal(name, SPAN("status")))
		answer.status = (int)number_of(value, 200, 999, answer.status);
	else if (span_equal(name, SPAN("type")))
		answer.type = value;
	else if (span_equal(name, SPAN("retry-after")))
		answer.retry_after = value;
	else if (span_equal(name, SPAN("retry-after-ms")))
		answer.retry_after_ms = value;
	else if (span_equal(name, SPAN("step")))
		answer.step = (size_t)number_of(value, 1, 100000, 100000);
	else if (span_equal(name, SPAN("breaks")))
		answer.breaks = true, answer.may_be_done = str_equal(value, "maybe");
}

static void read_answer(struct arena *a, struct span rest)
{
	struct span line;

	answer.status = 200;
	answer.type = "";
	answer.retry_after = answer.retry_after_ms = NULL;
	answer.step = 100000;
	answer.breaks = answer.may_be_done = false;
	while (rest.len && (line = fuzz_line(&rest)).len)
		take_header(a, line);
	answer.body = rest;
}

/* ---- the call that is given it ---- */

struct round_trip {
	struct http_call  call;
	enum http_verdict verdict;
};

static void check_call(const struct http_call *call)
{
	for (const char *at = call->url; *at; at++)
		assert((unsigned char)*at > 0x20 && *at != 0x7f);
	for (size_t i = 0; call->headers && call->headers[i]; i++)
		assert(!strpbrk(call->headers[i], "\r\n"));
}

static void give_piece(const struct http_piece *piece, void *to)
{
	struct round_trip *x = to;

	if (x->call.is_urgent)
		(void)x->call.is_urgent(piece);
	if (x->verdict < HTTP_STOP)
		x->verdict = x->call.on_data(piece, x->call.data);
}

/* False: an event is too large. */
static bool give_pieces(struct ctx *cx, struct round_trip *x)
{
	struct http_split split = http_split(cx->arena, x->call.event_max, give_piece, x);
	struct span       rest = answer.body;
	bool              is_well = true;

	while (is_well && rest.len && x->verdict < HTTP_STOP) {
		struct span some = {rest.ptr, rest.len < answer.step ? rest.len : answer.step};

		is_well = http_split_feed(&split, some);
		rest.ptr += some.len;
		rest.len -= some.len;
	}
	return is_well;
}

/* With a NUL behind it, and on a heap of its own, so that a look beyond is seen. */
static struct span body_of(struct ctx *cx, size_t max)
{
	size_t len = answer.body.len < max ? answer.body.len : max;

	return (struct span){arena_strndup(cx->arena, answer.body.ptr, len), len};
}

static void fill(struct ctx *cx, const struct round_trip *x, struct http_reply *out)
{
	bool is_well = answer.status / 100 == 2;

	*out = (struct http_reply){
		.status = answer.status,
		.content_type = answer.type,
		.body = SPAN(""),
		.retry_after_ms =
			http_retry_after_ms(answer.retry_after_ms, answer.retry_after, clock_unix_ms()),
		.first_ms = 1,
		.took_ms = 2,
	};
	assert(out->retry_after_ms <= HOUR_MS);
	if (!is_well || !x->call.on_data)
		out->body = body_of(cx, is_well ? x->call.reply_max : ERROR_BODY_MAX);
}

struct round_trip *__wrap_http_begin(struct ctx *cx, const struct http_call *call)
{
	struct round_trip *x = NEW(cx->arena, struct round_trip);

	check_call(call);
	x->call = *call;
	if (!x->call.reply_max)
		x->call.reply_max = 1 << 20;
	return x;
}

struct err *__wrap_http_end(struct ctx *cx, struct round_trip *x, struct http_reply *out)
{
	bool        is_streamed = answer.status / 100 == 2 && x->call.on_data;
	bool        is_well = !is_streamed || give_pieces(cx, x);
	struct err *e;

	fill(cx, x, out);
	if (is_well && x->verdict < HTTP_LAST && answer.breaks) {
		e = err_new(cx, ERR_UPSTREAM, WHERE, "the connection broke");
		e->uncertain = answer.may_be_done;
		return e;
	}
	if (!is_well || answer.body.len > x->call.reply_max)
		FAIL(cx, ERR_UPSTREAM, "too large");
	return NULL;
}

const char *__wrap_http_content_type(struct round_trip *x)
{
	(void)x;
	return answer.type;
}

void __wrap_http_want(struct round_trip *x, size_t bytes)
{
	(void)x;
	(void)bytes;
}

struct err *__wrap_http_do(struct ctx *cx, const struct http_call *call, struct http_reply *out)
{
	return __wrap_http_end(cx, __wrap_http_begin(cx, call), out);
}

/* ---- what comes of it ---- */

static void check_text(const char *text)
{
	assert(utf8_is_valid(span_of(text)));
}

static void check_words(const struct err *e)
{
	assert(strlen(e->detail) <= DETAIL_MAX);
	for (const char *at = e->detail; *at; at++)
		assert(*at >= 0x20 && *at < 0x7f);
}

/* Of a service, and nothing of what it wrote but a code. */
static void check_error(const struct err *e)
{
	assert(e->kind == ERR_UPSTREAM || e->kind == ERR_UPSTREAM_DENIED ||
	       e->kind == ERR_UPSTREAM_REJECTED || e->kind == ERR_RATE);
	assert(e->retry_after_ms <= HOUR_MS);
	check_words(e);
}

static bool take_text(struct span piece, void *data)
{
	(void)data;
	assert(utf8_is_valid(piece));
	return true;
}

static const struct chat_message messages[] = {{CHAT_SYSTEM, "Be brief."}, {CHAT_USER, "Hi"}};

static void ask_chat(struct ctx *cx, struct llm_engine *engine, bool is_forced)
{
	struct chat_order order = {.messages = messages, .n = 2, .max_tokens = 99};
	struct chat_reply reply;
	struct err       *e;

	if (is_forced) {
		order.schema_name = "f";
		order.schema = SPAN("{\"type\":\"object\"}");
	} else {
		order.on_text = take_text;
	}
	e = llm_complete(&engine->p, cx, &order, &reply);
	if (e)
		check_error(e);
	assert(!e || !e->is_late || !is_forced);
	if (e && !e->is_late)
		return;
	assert(reply.text[0] && reply.model && (!is_forced || reply.text[0] == '{'));
	check_text(reply.text);
	check_text(reply.model);
	if (is_forced)
		extract_parse(cx, span_of(reply.text));
}

static void groq_stream(struct ctx *cx)
{
	ask_chat(cx, &groq_llm, false);
}

static void groq_forced(struct ctx *cx)
{
	ask_chat(cx, &groq_llm, true);
}

static void openai_stream(struct ctx *cx)
{
	ask_chat(cx, &openai_llm, false);
}

static void openai_forced(struct ctx *cx)
{
	ask_chat(cx, &openai_llm, true);
}

static void groq_hearing(struct ctx *cx)
{
	static const float        samples[PCM_RATE];
	static const struct sound sound = {
		.rms = 0.1, .peak = 0.5, .active_ms = 900, .voiced_ms = 700, .to = PCM_RATE};
	const struct recording in = {.bytes = SPAN("RIFF"),
	                             .format = AUDIO_WAV,
	                             .pcm = {samples, COUNT(samples)}};
	struct heard           heard;
	struct verdict         verdict;
	struct err            *e = groq_stt.transcribe(cx, &in, &heard);

	if (e)
		return check_error(e);
	for (size_t i = 0; i < heard.n; i++)
		check_text(heard.segments[i].text);
	verdict = speech_judge(cx->arena, &sound, heard.segments, heard.n);
	check_text(verdict.text);
	assert(verdict.confidence >= 0 && verdict.confidence <= 1);
}

static void openai_embedding(struct ctx *cx)
{
	static const char *const texts[] = {"one"};
	struct embeddings        out;
	struct err *e = openai_embed.embed(cx, &(struct embed_order){texts, COUNT(texts)}, &out);
	double      sum = 0;

	if (e)
		return check_error(e);
	for (size_t i = 0; i < openai_embed.dims; i++)
		sum += (double)out.vectors[0][i] * (double)out.vectors[0][i];
	assert(out.n == 1 && fabs(sum - 1) < 1e-3);
}

static bool take_part(const struct speech_part *part, void *data)
{
	struct buf       *joined = data;
	struct mp3_reader reader = {.kind = mp3_default()};
	size_t            before = joined->len;

	assert(mp3_read(&reader, part->frames, joined) && mp3_read_end(&reader, joined));
	assert(joined->len - before == part->frames.len);
	return true;
}

static const struct speech_piece pieces[] = {{"One.", 200}, {"Two.", 0}, {"Three.", 100}};

static void ask_voice(struct ctx *cx, enum speech_format format)
{
	struct speech_order order = {.pieces = pieces, .n = COUNT(pieces), .format = format};
	struct speech       speech;
	struct err         *e = elevenlabs_tts.speak(cx, &order, &speech);

	if (e)
		return check_error(e);
	assert(speech.audio.len > 0 && speech.audio_ms >= 100);
	if (format == SPEECH_MP3)
		assert(mp3_frames_bytes(speech.audio, UINT64_MAX) == speech.audio.len);
	else
		assert(span_starts(speech.audio, SPAN("RIFF")) && speech.audio.len >= WAV_HEADER_BYTES);
}

static void elevenlabs_mp3(struct ctx *cx)
{
	ask_voice(cx, SPEECH_MP3);
}

static void elevenlabs_wav(struct ctx *cx)
{
	ask_voice(cx, SPEECH_WAV);
}

/* What went out before it failed stays good, and is told. */
static void elevenlabs_parts(struct ctx *cx)
{
	struct buf          joined = buf_new(cx->arena, 32 << 20);
	struct speech_order order = {.pieces = pieces,
	                             .n = COUNT(pieces),
	                             .format = SPEECH_MP3,
	                             .before = "Before.",
	                             .after = "After.",
	                             .on_part = take_part,
	                             .data = &joined};
	struct speech       speech;
	struct err         *e = elevenlabs_tts.speak(cx, &order, &speech);

	if (e)
		check_error(e);
	assert(e ? e->is_late == (joined.len > 0) : joined.len > 0);
	if (!e || e->is_late)
		assert(speech.audio_ms / 26 <= joined.len / 400 && !speech.audio.len);
}

/* ---- jobs, and the tables they ask ---- */

static struct {
	unsigned         sent_n, bounced_n, ends_n;
	enum alert_state state;
} told;

static struct job run_job(struct ctx *cx, const struct job_kind *kind, struct err **e_out)
{
	struct job job = {.kind = kind->name, .key = UUID_TEXT, .attempt = 1, .max_attempts = 8};

	memset(&told, 0, sizeof(told));
	*e_out = kind->run(cx, &job);
	if (*e_out)
		check_words(*e_out);
	assert(!(job.is_hopeless && job.postponed_ms) && job.postponed_ms <= 24 * HOUR_MS);
	return job;
}

/* Sent, once more later, or never: one of them. */
static void resend(struct ctx *cx)
{
	struct err *e;
	struct job  job = run_job(cx, &mail_jobs[0], &e);

	assert(told.sent_n + told.bounced_n <= 1);
	assert((told.sent_n == 1) == !e && (told.bounced_n == 1) == job.is_hopeless);
	assert(!answer.breaks || !told.bounced_n);
	if (!answer.breaks && answer.status / 100 == 2 && answer.body.len <= 1 << 20)
		assert(!e);
}

static void slack(struct ctx *cx)
{
	struct err *e;
	struct job  job = run_job(cx, slack_jobs, &e);

	assert(told.ends_n == 1 && (told.state == ALERT_SENT) == !e);
	assert(job.is_hopeless == (told.state == ALERT_UNCERTAIN || told.state == ALERT_REFUSED));
	if (answer.breaks)
		assert(told.state == (answer.may_be_done ? ALERT_UNCERTAIN : ALERT_WAITING));
}

struct err *__wrap_signup_mail_count(struct ctx *cx, const char *id, int64_t per_day,
                                     bool *granted_out, uint64_t *wait_ms_out)
{
	(void)cx;
	(void)id;
	(void)per_day;
	*granted_out = true;
	*wait_ms_out = 0;
	return NULL;
}

struct err *__wrap_signup_for_mail(struct ctx *cx, const char *id, const char *actor,
                                   struct signup_mail *out, bool *found_out)
{
	(void)cx;
	(void)actor;
	*out = (struct signup_mail){.id = id,
	                            .email = "dana@northwind.io",
	                            .name = "Dana",
	                            .queued_at_us = 1790000000000000,
	                            .is_wanted = true};
	*found_out = true;
	return NULL;
}

struct err *__wrap_signup_mail_sent(struct ctx *cx, const char *id)
{
	(void)cx;
	(void)id;
	told.sent_n++;
	return NULL;
}

struct err *__wrap_signup_bounced(struct ctx *cx, const char *id, const char *actor)
{
	(void)cx;
	(void)id;
	(void)actor;
	told.bounced_n++;
	return NULL;
}

struct err *__wrap_pace_take(struct ctx *cx, const char *channel, unsigned interval_ms,
                             unsigned most_ms, bool *granted_out, unsigned *wait_ms_out)
{
	(void)cx;
	(void)channel;
	(void)interval_ms;
	(void)most_ms;
	*granted_out = true;
	*wait_ms_out = 0;
	return NULL;
}

struct err *__wrap_pace_hold(struct ctx *cx, const char *channel, unsigned ms)
{
	(void)cx;
	assert(channel && ms > 0 && ms <= HOUR_MS);
	return NULL;
}

struct err *__wrap_lead_of_session(struct ctx *cx, const char *session_id, const char *actor,
                                   struct lead *out, bool *found_out)
{
	(void)cx;
	(void)actor;
	*out = (struct lead){.session_id = session_id, .score = 80, .priority = "high"};
	*found_out = true;
	return NULL;
}

struct err *__wrap_alert_begin(struct ctx *cx, const char *session_id, int attempt,
                               bool *may_send_out, enum alert_state *state_out)
{
	(void)cx;
	(void)session_id;
	(void)attempt;
	*may_send_out = true;
	*state_out = ALERT_SENDING;
	return NULL;
}

struct err *__wrap_alert_end(struct ctx *cx, const char *session_id, enum alert_state state)
{
	(void)cx;
	(void)session_id;
	told.ends_n++;
	told.state = state;
	return NULL;
}

/* ---- one answer ---- */

static const struct {
	const char *name;
	void (*run)(struct ctx *cx);
} operations[] = {
	{"groq_stream", groq_stream},
	{"groq_forced", groq_forced},
	{"openai_stream", openai_stream},
	{"openai_forced", openai_forced},
	{"groq_hearing", groq_hearing},
	{"openai_embedding", openai_embedding},
	{"elevenlabs_mp3", elevenlabs_mp3},
	{"elevenlabs_wav", elevenlabs_wav},
	{"elevenlabs_parts", elevenlabs_parts},
	{"resend", resend},
	{"slack", slack},
};

static void start(void)
{
	const struct cfg_group *const groups[] = {
		groq_llm.p.settings, openai_llm.p.settings,   &openai_account_settings,
		groq_stt.p.settings, openai_embed.p.settings, elevenlabs_tts.p.settings,
		thinking.settings,   embedding.settings,      &mail_settings,
		&slack_settings,     &vault_settings,
	};

	crypto_start();
	json_start();
	log_setup("fuzz", LOG_ERROR);
	setenv("GROQ_API_KEY", "groq-key", 1);
	setenv("OPENAI_API_KEY", "openai-key", 1);
	setenv("ELEVENLABS_API_KEY", "elevenlabs-key", 1);
	setenv("RESEND_API_KEY", "resend-key", 1);
	setenv("MAIL_FROM", "Us <us@page.example>", 1);
	setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x", 1);
	setenv("SCRIBE_DATA_KEY", "5d8e13b7f60a942ce71b48f3a92d06c4", 1);
	assert(cfg_load(groups, COUNT(groups)) == 0 && vault_start() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool is_started;
	struct ctx  cx = fuzz_begin();
	struct span rest = {(const char *)bytes, len}, name = fuzz_line(&rest);

	if (!is_started)
		start();
	is_started = true;
	read_answer(cx.arena, rest);
	for (size_t i = 0; i < COUNT(operations); i++)
		if (span_equal(name, span_of(operations[i].name)))
			operations[i].run(&cx);
	return fuzz_end(&cx);
}
