/* speech_to_text -- what was said in a recording.
 *
 * POST { session_id, session_secret, audio_base64, model?, language? }
 *   -> { text, duration_ms, model, provider, audio_ms, language, confidence, degraded? }
 *
 * Silence, noise and what recognisers write for them are "". */
#include "../../common/base/base64.h"
#include "../../common/base/log.h"
#include "../../common/domain/voice/speech_evidence.h"
#include "../../common/domain/voice/spoken_language.h"
#include "../../common/engines/decoders.h"
#include "../../common/engines/hearing.h"
#include "../../common/engines/hearing_budget.h"
#include "../../common/engines/slots.h"
#include "../../common/web/service.h"
#include "../../common/store/sessions.h"

#define BODY_MAX      ((size_t)17 << 20)
#define BASE64_MAX    ((int64_t)16 << 20) /* 120 s of 48 kHz PCM16 fit */
#define SPEECH_MS_MIN 200u                /* in less nobody says a word; recognisers write one */
#define MODEL_MAX     200
#define LANGUAGE_MAX  40

struct in {
	const char *session_id, *session_secret, *audio_base64, *model, *language;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, audio_base64, .is_required = true, .max = INT64_MAX),
	INPUT_TEXT(in, model, .max = MODEL_MAX),
	INPUT_TEXT(in, language, .max = LANGUAGE_MAX),
};

/* Where bodies are read, by their bytes: to make something of 16 MiB takes a processor as long as a
 * short recording. A large one does not keep a small one waiting, and few are read at once. */
static struct slots desks = SLOTS_WITH_FRONT(2, (double)(2 << 20), (double)(8 << 20));

/* What is answered. */
struct transcript {
	const char *text, *model, *provider, *language;
	double      confidence;
	unsigned    audio_ms;
	bool        is_degraded;
};

/* "data:audio/wav;base64," in front is tolerated; its label is not believed. */
static struct span without_data_url(struct span text)
{
	const char *comma = memchr(text.ptr, ',', text.len);

	if (!comma || !span_starts_nocase(text, SPAN("data:")))
		return text;
	return (struct span){comma + 1, text.len - (size_t)(comma + 1 - text.ptr)};
}

static struct err *too_large(struct ctx *cx)
{
	return err_field(cx, ERR_TOO_LARGE, "audio_base64", WHERE, "is longer than %lld characters",
	                 (long long)BASE64_MAX);
}

static struct err *decode_base64(struct ctx *cx, const char *base64, struct span *out)
{
	struct span text = span_trim(without_data_url(span_of(base64)));
	char       *bytes, *plain;
	size_t      len;

	if ((int64_t)text.len > BASE64_MAX)
		return too_large(cx);
	bytes = arena_alloc_raw(cx->arena, BASE64_DECODED_MAX(text.len));
	*out = (struct span){bytes, 0};
	if (base64_decode(text, bytes, &out->len))
		return NULL;
	plain = arena_alloc_raw(cx->arena, text.len);
	len = base64_plain(text, plain);
	if (!base64_decode((struct span){plain, len}, bytes, &out->len))
		return err_field(cx, ERR_AUDIO, "audio_base64", WHERE, "is not base64");
	return NULL;
}

static struct err *find_sound(struct ctx *cx, const struct in *in, struct recording *out)
{
	*out = (struct recording){.language = spoken_language_code(in->language), .model = in->model};
	TRY(decode_base64(cx, in->audio_base64, &out->bytes));
	out->format = audio_sniff(out->bytes);
	return decoders_decode(cx, out->bytes, out->format, &out->pcm);
}

/* One that breaks its decoder, or that nobody waits for any more, is not to be had for nothing. */
static struct err *read_recording(struct ctx *cx, const struct in *in, struct recording *out)
{
	struct err *e = find_sound(cx, in, out);

	if (e)
		hearing_budget_lose(cx);
	return e;
}

/* Where nothing can have been said nobody is asked. */
static struct err *transcribe(struct ctx *cx, const struct recording *recording,
                              struct transcript *out)
{
	struct sound        sound = sound_measure(cx->arena, recording->pcm);
	struct chain_result served;
	struct verdict      verdict;
	struct heard        heard;

	*out = (struct transcript){.text = "", .audio_ms = pcm_ms(recording->pcm)};
	if (out->audio_ms < SPEECH_MS_MIN || !sound_may_be_speech(&sound))
		return NULL;
	TRY(hear(cx, recording, &heard, &served));
	verdict = speech_judge(cx->arena, &sound, heard.segments, heard.n);
	out->text = verdict.text;
	out->confidence = verdict.confidence;
	out->model = heard.model;
	out->language = heard.language;
	out->provider = served.served->name;
	out->is_degraded = served.fell_back;
	return NULL;
}

static void answer(struct req *rq, const struct transcript *t, uint64_t start_ms)
{
	struct json_out *out = reply_json(rq, 200, 0);

	json_obj(out, NULL);
	json_str(out, "text", t->text);
	json_int(out, "duration_ms", (int64_t)(clock_mono_ms() - start_ms));
	json_str(out, "model", t->model);
	json_str(out, "provider", t->provider);
	json_int(out, "audio_ms", t->audio_ms);
	json_str(out, "language", t->language);
	json_num(out, "confidence", t->confidence);
	if (t->is_degraded) {
		json_arr(out, "degraded");
		json_str(out, NULL, hearing.capability);
		json_end(out);
	}
	json_end(out);
}

static struct err *read_body(struct req *rq, struct in *in)
{
	struct slot desk;
	struct err *e;

	TRY(slots_take(req_ctx(rq), &desks, (double)req_body(rq).len, &desk));
	e = input_parse(rq, fields, COUNT(fields), in);
	slots_give(&desks, desk, !e);
	return e;
}

static struct err *speech_to_text(struct req *rq)
{
	struct ctx       *cx = req_ctx(rq);
	uint64_t          start_ms = clock_mono_ms();
	struct in         in = {.session_id = NULL};
	struct recording  recording;
	struct transcript transcript;

	TRY(hearing_budget_check(cx));
	TRY(read_body(rq, &in));
	TRY(session_check(cx, in.session_id, in.session_secret));
	TRY(read_recording(cx, &in, &recording));
	TRY(hearing_budget_take(cx, pcm_ms(recording.pcm)));
	TRY(transcribe(cx, &recording, &transcript));
	answer(rq, &transcript, start_ms);
	return NULL;
}

static const struct cfg_group *const settings[] = {&decoders_settings, &hearing_budget_settings};

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "speech_to_text",
	                                      .methods = METHOD_POST,
	                                      .body_max = BODY_MAX,
	                                      .deadline_ms = 60000,
	                                      .rate_per_minute = 60,
	                                      .threads = 48,
	                                      .client_max = 2,
	                                      .engines = &engine_room,
	                                      .chains = (struct chain *const[]){&hearing},
	                                      .chains_n = 1,
	                                      .start = decoders_start,
	                                      .stop = decoders_stop,
	                                      .settings = settings,
	                                      .settings_n = COUNT(settings),
	                                      .handle = speech_to_text});
}
