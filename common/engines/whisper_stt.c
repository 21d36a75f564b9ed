/* whisper_stt.c -- Whisper tiny on this machine: whisper.cpp's model, our own way through it.
 *
 * The weights are loaded once and shared; a working thread takes one of a few slots. What the model
 * makes of a recording on its way (the state, some 50 MB, made in 20 ms) begins and ends with the
 * recording: nothing of one visitor's is there when the next one is heard. A recording is trimmed
 * to where there is sound and cut at quiet places into parts of at most PART_SECONDS. For each:
 *
 *   mel -> encode -> one step from "start of transcript" -> text (whisper_text.h)
 *
 * That one step is why whisper_full() is not used for the whole way. Its logits
 * hold the model's honest probability of "no speech" (whisper_full asks too
 * late in the prompt, where it is always near zero) and of each language, at
 * the price of one token instead of a second encoding. whisper_full() is still
 * called to compute the mel spectrum and to set how much of the 30 s window is
 * encoded, which nothing else in the interface can; it is stopped before it encodes.
 *
 * The encoder can not be interrupted: deadline and cancellation are looked at
 * between parts and between tokens, less than a second apart. */
#include "../base/log.h"
#include "../base/str.h"
#include "../base/thread.h"
#include "../base/utf8.h"
#include "../domain/voice/spoken_language.h"
#include "hearing.h"
#include "slots.h"
#include "whisper_text.h"
#include "whisper_weights.h"

#include <math.h>
#include <unistd.h>
#include <whisper.h>
#include <zlib.h>

#define MODEL_NAME   "whisper-tiny"
#define TIMEOUT_MS   25000u
#define PART_SECONDS 28u
/* Whisper hallucinates on very short input; silence behind it is harmless. */
#define PART_SAMPLES_MIN PCM_RATE
/* Encoder positions: 50 a second, some to spare, in steps of 64; fewer than
 * 768 and short clips hallucinate, more than 1500 there are not. */
#define CTX_PER_SECOND 50u
#define CTX_SPARE      64u
#define CTX_STEP       64u
#define CTX_MIN        768u
#define CTX_MAX        1500u
/* Nobody says more at once, or speaks without a pause for so long: what goes beyond has to wait for
 * those who talk. And how long it takes, until it is known. */
#define FRONT_MS      30000.0
#define FRONT_USED_MS 60000.0
#define PACE          0.3
#define BACK_NICE     6
#define LONG_NICE     17
#define BACK_STACK    ((size_t)1 << 20)

static struct settings {
	const char *language, *model;
	int64_t     slots, threads;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, language, "STT_LANGUAGE",
                .help = "language spoken to the local recogniser, like en or de; "
                        "default: English unless it clearly hears another"),
	CFG_KEY_STR(settings, model, "WHISPER_MODEL",
                .help = "weights of the local recogniser; "
                        "default: models/whisper-tiny-q8_0.bin in SCRIBE_CACHE"),
	CFG_KEY_INT(settings, slots, "WHISPER_SLOTS", .fallback = "2", .min = 1, .max = SLOTS_MAX,
                .help = "recordings the local recogniser hears at the same time"),
	CFG_KEY_INT(settings, threads, "WHISPER_THREADS", .fallback = "2", .min = 1, .max = 16,
                .help = "threads the local recogniser uses for one recording"),
};
static const struct cfg_group group = {"Hearing on this machine", &settings, keys, COUNT(keys)};

static bool         may_wait;         /* with loading the weights, until somebody speaks */
static struct slots slots = SLOTS(1); /* of milliseconds of sound */
static atomic_uint  working[LANES];   /* slots in use */

/* A whole recording. */
struct job {
	struct ctx             *cx;
	const struct recording *in;
	struct whisper_context *model;
	struct heard           *out;
	struct sound            sound;
	enum lane               lane;
	struct err             *failed;
};

static const char *default_model(void)
{
	static char path[4096];
	const char *cache = getenv("SCRIBE_CACHE"), *home = getenv("HOME");
	const char *file = "models/whisper-tiny-q8_0.bin";

	if (cache && *cache)
		snprintf(path, sizeof(path), "%s/%s", cache, file);
	else
		snprintf(path, sizeof(path), "%s/.cache/scribe/%s", home ? home : "", file);
	return path;
}

static const char *model_path(void)
{
	return str_is_blank(settings.model) ? default_model() : settings.model;
}

static bool is_configured(void)
{
	return access(model_path(), R_OK) == 0;
}

void hearing_may_wait(void)
{
	may_wait = true;
}

static bool start(void)
{
	slots_resize(&slots, (unsigned)settings.slots);
	slots.front_cost = FRONT_MS;
	slots.front_used = FRONT_USED_MS;
	slots.pace[LANE_FRONT] = slots.pace[LANE_BACK] = PACE;
	return whisper_weights_start(model_path(), may_wait);
}

static bool stop_before_encoding(struct whisper_context *context, struct whisper_state *state,
                                 void *data)
{
	(void)context, (void)state, (void)data;
	return false;
}

static int context_for(size_t samples)
{
	size_t n = CTX_PER_SECOND * samples / PCM_RATE + CTX_SPARE;

	n = (n + CTX_STEP - 1) / CTX_STEP * CTX_STEP;
	return (int)(n < CTX_MIN ? CTX_MIN : n > CTX_MAX ? CTX_MAX : n);
}

/* Threads shorten the wait of one; when several wait, each one's threads would
 * only burn the others' cores (measured: 0.20 s of processor per second of
 * sound on one thread, 0.33 on two that lack a core). */
static int threads_now(enum lane lane)
{
	unsigned others = atomic_load(&working[LANE_FRONT]);

	if (lane == LANE_BACK)
		others += atomic_load(&working[LANE_BACK]);
	return others > 1 ? 1 : (int)settings.threads;
}

static struct err *encode(const struct job *job, struct whisper_part *part, struct pcm pcm)
{
	struct whisper_full_params params = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);

	params.n_threads = threads_now(job->lane);
	params.audio_ctx = context_for(pcm.n);
	params.language = WHISPER_LANGUAGE; /* else it encodes to find out */
	params.print_progress = false;
	params.encoder_begin_callback = stop_before_encoding;
	if (whisper_full_with_state(job->model, part->state, params, pcm.samples, (int)pcm.n) != 0)
		FAIL(part->cx, ERR_INTERNAL, "whisper made no spectrum");
	TRY(whisper_check_time(part->cx));
	if (whisper_encode_with_state(job->model, part->state, 0, threads_now(job->lane)) != 0)
		FAIL(part->cx, ERR_INTERNAL, "whisper did not encode");
	return whisper_check_time(part->cx);
}

/* A text that says the same again and again is packed well: over 2.4 Whisper was in a loop. */
static double compression_ratio(struct arena *a, struct span text)
{
	uLongf packed = compressBound(text.len);
	Bytef *out = arena_alloc_raw(a, packed);

	if (!text.len || compress(out, &packed, (const Bytef *)text.ptr, text.len) != Z_OK)
		return 0;
	return (double)text.len / (double)packed;
}

/* Tokens are bytes: a text that was cut off may end inside a letter. */
static const char *whole_letters(struct arena *a, struct span text)
{
	while (text.len && !utf8_is_valid(text))
		text.len--;
	return arena_strndup(a, text.ptr, text.len);
}

static struct heard_segment segment_of(const struct whisper_part *part, size_t from, size_t len)
{
	struct arena *a = part->cx->arena;

	return (struct heard_segment){
		.text = whole_letters(a, buf_span(&part->text)),
		.start_s = (double)from / PCM_RATE,
		.end_s = (double)(from + len) / PCM_RATE,
		.no_speech_prob = part->no_speech_prob,
		.avg_logprob = part->tokens ? part->logprob_sum / part->tokens : 0,
		.compression_ratio = compression_ratio(a, buf_span(&part->text)),
	};
}

/* At least PART_SAMPLES_MIN, with silence behind what is shorter. */
static struct pcm padded(struct arena *a, struct pcm pcm)
{
	float *samples;

	if (pcm.n >= PART_SAMPLES_MIN)
		return pcm;
	samples = NEW_ARRAY(a, float, PART_SAMPLES_MIN);
	memcpy(samples, pcm.samples, pcm.n * sizeof(*samples));
	return (struct pcm){samples, PART_SAMPLES_MIN};
}

static struct err *hear_parts(struct ctx *cx, struct whisper_state *state, const struct job *job,
                              int *language, struct heard *out)
{
	struct pcm            whole = job->in->pcm;
	const size_t          max = (size_t)PART_SECONDS * PCM_RATE;
	struct heard_segment *segments =
		NEW_ARRAY(cx->arena, struct heard_segment, whole.n / (max / 2) + 1);

	for (size_t from = job->sound.from; from < job->sound.to; out->n++) {
		struct pcm rest = {whole.samples + from, job->sound.to - from};
		size_t     len = sound_cut(rest, max);
		struct pcm pcm = padded(cx->arena, (struct pcm){rest.samples, len});

		struct whisper_part part = {.cx = cx,
		                            .state = state,
		                            .seconds = (double)pcm.n / PCM_RATE,
		                            .language = *language,
		                            .text = buf_new(cx->arena, 0)};

		TRY(encode(job, &part, pcm));
		TRY(whisper_text_write(&part));
		segments[out->n] = segment_of(&part, from, len);
		out->language = whisper_lang_str(part.language);
		if (!part.is_guess)
			*language = part.language;
		from += len;
	}
	out->segments = segments;
	return NULL;
}

static int wanted_language(const char *asked)
{
	const char *ours = spoken_language_code(settings.language);
	int         id = asked ? whisper_lang_id(asked) : -1;

	return id < 0 && ours ? whisper_lang_id(ours) : id;
}

static struct err *hear_with_state(const struct job *job)
{
	struct whisper_state *state = whisper_init_state(job->model);
	int                   language = wanted_language(job->in->language);
	struct err           *e;

	if (!state)
		FAIL(job->cx, ERR_UNAVAILABLE, "no memory for another recogniser");
	e = hear_parts(job->cx, state, job, &language, job->out);
	whisper_free_state(state);
	return e;
}

static void *run_behind(void *data)
{
	struct job *job = data;

	thread_step_aside(pcm_ms(job->in->pcm) > FRONT_MS ? LONG_NICE : BACK_NICE);
	job->failed = hear_with_state(job);
	return NULL;
}

/* In a thread of its own, for nobody comes to the front again. Who asks for it may stand back as a
 * crowd, and would wait for ever while others keep all processors busy: hearing is seconds of work.
 * There are as few of these threads as there are places behind. */
static struct err *hear_behind(struct job *job)
{
	pthread_t thread;

	if (thread_start_for_all(&thread, BACK_STACK, run_behind, job) != 0)
		FAIL(job->cx, ERR_UNAVAILABLE, "no thread for a long recording");
	pthread_join(thread, NULL);
	return job->failed;
}

static struct err *hear_in(struct job *job)
{
	struct err *e;

	atomic_fetch_add(&working[job->lane], 1);
	e = job->lane == LANE_BACK ? hear_behind(job) : hear_with_state(job);
	atomic_fetch_sub(&working[job->lane], 1);
	return e;
}

/* ERR_UNAVAILABLE: all slots busy until the deadline. ERR_DEADLINE,
 * ERR_CANCELLED: given up half-way. Nothing to hear: no segments. */
static struct err *transcribe(struct ctx *cx, const struct recording *in, struct heard *out)
{
	struct job  job = {.cx = cx, .in = in, .out = out};
	struct slot slot;
	struct err *e;

	*out = (struct heard){.model = MODEL_NAME};
	job.sound = sound_measure(cx->arena, in->pcm);
	if (!sound_may_be_speech(&job.sound))
		return NULL;
	TRY(slots_take(cx, &slots, pcm_ms(in->pcm), &slot));
	job.lane = slot.lane;
	e = whisper_weights(cx, &job.model);
	slots_begin(&slots, slot); /* to read the weights is none of this recording's time */
	if (!e)
		e = hear_in(&job);
	slots_give(&slots, slot, !e);
	return e;
}

struct stt_engine whisper_stt = {
	.p = {.name = "local",
          .settings = &group,
          .timeout_ms = TIMEOUT_MS,
          .is_local = true,
          .is_configured = is_configured,
          .start = start,
          .is_broken = whisper_weights_are_broken,
          .stop = whisper_weights_stop},
	.transcribe = transcribe,
};
