/* text_to_speech -- say a text aloud.
 *
 * POST { text, voice_id?, voice?, format?, session_id?, session_secret? }
 *   -> { audio_base64, format, text, original_text, debug_commands, provider,
 *        duration_ms, cached, degraded? }
 *
 * What was made is kept for who asked for it: an answer in a tenth of the time would tell anybody
 * which texts others have heard. So the cache is a session's, the subject's of a signed token, or,
 * for who brings the key of browsers only, an address's. */
#include "../../common/base/log.h"
#include "../../common/domain/voice/spoken_text.h"
#include "../../common/web/keys.h"
#include "../../common/engines/speaking.h"
#include "../../common/web/service.h"
#include "../../common/store/audio_cache.h"
#include "../../common/store/sessions.h"

#define VOICE_MAX        100
#define FORMAT_MAX       10
#define ANSWER_BYTES_MAX ((size_t)48 << 20) /* WAV of the longest text, in base64 */

struct in {
	const char *text, *voice_id, *voice, *format, *session_id, *session_secret;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, text, .is_required = true, .may_be_blank = true, .min = 1,
               .max = SPOKEN_TEXT_MAX),
	INPUT_TEXT(in, voice_id, .max = VOICE_MAX),
	INPUT_TEXT(in, voice, .max = VOICE_MAX),
	INPUT_TEXT(in, format, .max = FORMAT_MAX),
	INPUT_TEXT(in, session_id, .max = SESSION_ID_MAX),
	INPUT_TEXT(in, session_secret, .max = SESSION_SECRET_MAX),
};

struct said {
	struct cached_speech speech; /* audio.ptr NULL: nothing in the text could be spoken */
	bool                 is_cached;
	bool                 is_degraded; /* a stand-in spoke, or no voice knows these letters */
};

/* Whose cache it is. */
struct caller {
	const char *kind, *name;
	const char *session_id; /* proven; NULL: no session */
};

/* The browser sends only its key, other callers their session. */
static struct err *check_caller(struct req *rq, const struct in *in, struct caller *out)
{
	struct ctx *cx = req_ctx(rq);
	const char *apikey = req_header(rq, "apikey"), *bearer = req_header(rq, "Authorization");
	const char *subject;

	if (keys_accept(cx, apikey, bearer)) {
		subject = keys_subject(cx, apikey, bearer);
		*out = subject ? (struct caller){.kind = "subject", .name = subject}
		               : (struct caller){.kind = "address", .name = req_client_ip(rq)};
		return NULL;
	}
	*out = (struct caller){"session", in->session_id, in->session_id};
	if (in->session_id && in->session_secret)
		return session_check(cx, in->session_id, in->session_secret);
	FAIL(cx, ERR_UNAUTHORIZED, "neither a good key nor a session");
}

static struct err *read_format(struct ctx *cx, const struct in *in, enum speech_format *out)
{
	*out = SPEECH_MP3;
	if (!in->format || str_equal(in->format, speech_format_name(SPEECH_MP3)))
		return NULL;
	*out = SPEECH_WAV;
	if (str_equal(in->format, speech_format_name(SPEECH_WAV)))
		return NULL;
	FAIL_FIELD(cx, "format", "must be mp3 or wav");
}

static struct hash cache_key(struct ctx *cx, const struct caller *caller,
                             const struct speech_order *order)
{
	struct buf said = buf_new(cx->arena, 0);

	for (size_t i = 0; i < order->n; i++)
		buf_printf(&said, "%s\n%u\n", order->pieces[i].text, order->pieces[i].pause_ms);
	return HASH("speech", span_of(caller->kind), span_of(caller->name), buf_span(&said),
	            span_of(order->voice ? order->voice : ""),
	            span_of(speech_format_name(order->format)), span_of(speaking.order[0]->name));
}

/* A cache that can not be read or written costs time, never the answer. */
static void find_cached(struct ctx *cx, const struct hash *key, struct said *out)
{
	struct err *e = audio_cache_find(cx, key, &out->speech);

	if (e)
		log_err(LOG_WARN, cx, "audio_cache_unread", e);
	out->is_cached = out->speech.audio.ptr != NULL;
}

static void keep(struct ctx *cx, const struct hash *key, const char *format, const char *session_id,
                 const struct cached_speech *speech)
{
	struct err *e = audio_cache_keep(cx, key, format, session_id, speech);

	if (e)
		log_err(LOG_WARN, cx, "audio_cache_unwritten", e);
}

/* Only the first choice's voice is kept: a stand-in's would outlive its need. */
static struct err *say(struct ctx *cx, const struct caller *caller,
                       const struct speech_order *order, struct said *out)
{
	struct chain_result served;
	struct speech       speech;
	struct hash         key;
	struct err         *e;

	if (speaking.order_n == 0)
		FAIL(cx, ERR_UNAVAILABLE, "no voice is configured");
	key = cache_key(cx, caller, order);
	find_cached(cx, &key, out);
	if (out->is_cached)
		return NULL;
	e = speak(cx, order, &speech, &served);
	if (e && e->kind == ERR_UPSTREAM_REJECTED) {
		log_err(LOG_WARN, cx, "text_not_speakable", e);
		out->is_degraded = true;
		return NULL;
	}
	if (e)
		return e;
	out->speech = (struct cached_speech){speech.audio, served.served->name};
	out->is_degraded = served.fell_back;
	if (!served.fell_back)
		keep(cx, &key, speech_format_name(order->format), caller->session_id, &out->speech);
	return NULL;
}

static void answer(struct req *rq, const struct in *in, const struct spoken *spoken,
                   const struct said *said, const char *format, uint64_t start_ms)
{
	struct json_out *out = reply_json(rq, 200, ANSWER_BYTES_MAX);

	json_obj(out, NULL);
	if (said->speech.audio.ptr)
		json_base64(out, "audio_base64", said->speech.audio);
	else
		json_null(out, "audio_base64");
	json_str(out, "format", format);
	json_str(out, "text", spoken->text);
	json_str(out, "original_text", in->text);
	json_arr(out, "debug_commands");
	for (size_t i = 0; i < spoken->debug_commands_n; i++)
		json_str(out, NULL, spoken->debug_commands[i]);
	json_end(out);
	json_str(out, "provider", said->speech.provider);
	json_int(out, "duration_ms", (int64_t)(clock_mono_ms() - start_ms));
	json_bool(out, "cached", said->is_cached);
	if (said->is_degraded) {
		json_arr(out, "degraded");
		json_str(out, NULL, speaking.capability);
		json_end(out);
	}
	json_end(out);
}

static struct err *text_to_speech(struct req *rq)
{
	struct ctx        *cx = req_ctx(rq);
	uint64_t           start_ms = clock_mono_ms();
	struct in          in = {.text = NULL};
	struct caller      caller;
	struct said        said = {.is_cached = false};
	enum speech_format format;
	struct spoken      spoken;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(check_caller(rq, &in, &caller));
	TRY(read_format(cx, &in, &format));
	spoken_text_clean(cx->arena, span_of(in.text), &spoken);
	if (spoken.is_speakable)
		TRY(say(cx, &caller,
		        &(struct speech_order){.pieces = spoken.pieces,
		                               .n = spoken.pieces_n,
		                               .voice = in.voice_id ? in.voice_id : in.voice,
		                               .format = format},
		        &said));
	answer(rq, &in, &spoken, &said, speech_format_name(format), start_ms);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(
		argc, argv,
		&(struct service){.name = "text_to_speech",
	                      .methods = METHOD_POST,
	                      .body_max = (size_t)1 << 20,
	                      .deadline_ms = 30000,
	                      .rate_per_minute = 120,
	                      .threads = 16,
	                      .engines = &engine_room,
	                      .chains = (struct chain *const[]){&speaking},
	                      .chains_n = 1,
	                      .settings = (const struct cfg_group *const[]){&audio_cache_settings},
	                      .settings_n = 1,
	                      .handle = text_to_speech});
}
