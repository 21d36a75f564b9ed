/* speech_to_text -- what was said in a recording.
 *
 * POST { session_id, session_secret, audio_base64, model?, language? }
 *   -> { text, duration_ms, model, provider, audio_ms, language, confidence, degraded? }
 *
 * Silence, noise and what recognisers write for them are "". */
#include "../../common/engines/decoders.h"
#include "../../common/engines/hearing.h"
#include "../../common/engines/hearing_budget.h"
#include "../../common/engines/transcript.h"
#include "../../common/web/service.h"
#include "../../common/store/sessions.h"

#define BODY_MAX  ((size_t)17 << 20)
#define MODEL_MAX 200

struct in {
	const char *session_id, *session_secret, *audio_base64, *model, *language;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, audio_base64, .is_required = true, .max = INT64_MAX),
	INPUT_TEXT(in, model, .max = MODEL_MAX),
	INPUT_TEXT(in, language, .max = RECORDING_LANGUAGE_MAX),
};

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

static struct err *speech_to_text(struct req *rq)
{
	struct ctx             *cx = req_ctx(rq);
	uint64_t                start_ms = clock_mono_ms();
	struct in               in = {.session_id = NULL};
	struct transcript_order order;
	struct transcript       transcript;

	TRY(hearing_budget_check(cx));
	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(recording_language_check(cx, in.language));
	TRY(session_check(cx, in.session_id, in.session_secret));
	order = (struct transcript_order){.language = in.language, .model = in.model};
	TRY(recording_decode(cx, in.audio_base64, &order.bytes));
	TRY(transcript_of(cx, &order, &transcript));
	answer(rq, &transcript, start_ms);
	return NULL;
}

static const struct cfg_group *const settings[] = {TRANSCRIPT_SETTINGS};

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
