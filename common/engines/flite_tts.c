/* flite_tts.c -- a voice on this machine: flite's cmu_us_slt, LAME, no network.
 *
 * The voice is loaded with the first sentence: linked in, its tables would be
 * relocated at every start and cost an idle program 2 MB. Registering it writes
 * to globals of flite, hence once, under pthread_once; speaking only reads it.
 * Sentences are spoken one by one: that bounds what flite allocates, and the
 * deadline is looked at between them. */
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/str.h"
#include "../domain/voice/speakable.h"
#include "../domain/voice/wav.h"
#include "mp3_encode.h"
#include "slots.h"
#include "speaking.h"

#include <dlfcn.h>
#include <flite/flite.h>
#include <limits.h>

#define TIMEOUT_MS 20000u
/* Sentences spoken at the same time: what a small machine has cores for. */
#define VOICES 4u
/* 5 000 characters last about six minutes; pauses add at most 64 times 3 s. */
#define SECONDS_MAX 1200u
#define PAUSE_MAX   3000u

#define LIBRARY "libflite_cmu_us_slt.so.1" /* brings the others along */

/* The functions of flite we call; all NULL when it is not installed. */
static struct {
	int (*init)(void);
	cst_voice *(*register_voice)(const char *voxdir);
	cst_wave *(*text_to_wave)(const char *text, cst_voice *voice);
	void (*delete_wave)(cst_wave *wave);
} flite;

static cst_voice     *voice; /* NULL: could not be loaded */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct slots   voices = SLOTS(VOICES);

struct speaking_out {
	int16_t *samples; /* malloc'd: it grows */
	size_t   n, cap;
	unsigned rate;
};

/* POSIX promises that a function fits the pointer dlsym returns; C does not say so. */
static bool find_function(void *library, const char *name, void *to)
{
	void *found = dlsym(library, name);

	memcpy(to, &found, sizeof(found));
	return found != NULL;
}

static void open_voice(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);

	if (!library || !find_function(library, "flite_init", &flite.init) ||
	    !find_function(library, "register_cmu_us_slt", &flite.register_voice) ||
	    !find_function(library, "flite_text_to_wave", &flite.text_to_wave) ||
	    !find_function(library, "delete_wave", &flite.delete_wave)) {
		LOG(LOG_ERROR, NULL, "voice_not_loaded", F_STR("library", LIBRARY));
		return;
	}
	flite.init();
	voice = flite.register_voice(NULL);
}

static void free_samples(void *data)
{
	struct speaking_out *out = data;

	free(out->samples);
	out->samples = NULL;
}

static struct err *make_room(struct ctx *cx, struct speaking_out *out, size_t more)
{
	size_t cap = out->cap ? out->cap : (size_t)out->rate * 4;

	if (out->n + more <= out->cap)
		return NULL;
	if (out->n + more > (size_t)out->rate * SECONDS_MAX)
		FAIL(cx, ERR_UPSTREAM_REJECTED, "more than %u s to speak", SECONDS_MAX);
	while (cap < out->n + more)
		cap *= 2;
	out->samples = realloc(out->samples, cap * sizeof(*out->samples));
	if (!out->samples)
		fatal("out of memory: %zu samples wanted", cap);
	out->cap = cap;
	return NULL;
}

static struct err *add_silence(struct ctx *cx, struct speaking_out *out, unsigned ms)
{
	size_t n = (size_t)out->rate * (ms < PAUSE_MAX ? ms : PAUSE_MAX) / 1000;

	TRY(make_room(cx, out, n));
	if (n)
		memset(out->samples + out->n, 0, n * sizeof(*out->samples));
	out->n += n;
	return NULL;
}

static struct err *add_wave(struct ctx *cx, struct speaking_out *out, const cst_wave *wave)
{
	size_t n = wave->num_samples > 0 ? (size_t)wave->num_samples : 0;

	if (wave->num_channels != 1 || wave->sample_rate != (int)out->rate)
		FAIL(cx, ERR_INTERNAL, "flite made %d channels at %d Hz", wave->num_channels,
		     wave->sample_rate);
	TRY(make_room(cx, out, n));
	if (n)
		memcpy(out->samples + out->n, wave->samples, n * sizeof(*out->samples));
	out->n += n;
	return NULL;
}

static struct err *say_sentence(struct ctx *cx, struct speaking_out *out, struct span sentence)
{
	const char *text = arena_strndup(cx->arena, sentence.ptr, sentence.len);
	cst_wave   *wave;
	struct err *e;
	struct slot slot;

	TRY(slots_take(cx, &voices, (double)sentence.len, &slot));
	wave = flite.text_to_wave(text, voice);
	slots_give(&voices, slot, wave != NULL);
	if (!wave)
		FAIL(cx, ERR_INTERNAL, "flite made no sound of %zu characters", sentence.len);
	e = add_wave(cx, out, wave);
	flite.delete_wave(wave);
	return e;
}

static struct err *say_text(struct ctx *cx, struct speaking_out *out, const char *text, bool *spoke)
{
	struct span rest = span_of(speakable_text(cx->arena, span_of(text))), sentence;

	while (speakable_next(&rest, &sentence)) {
		if (ctx_cancelled(cx))
			FAIL(cx, ERR_CANCELLED, "cancelled while speaking");
		if (deadline_left_ms(cx->deadline) == 0)
			FAIL(cx, ERR_DEADLINE, "deadline passed while speaking");
		TRY(say_sentence(cx, out, sentence));
		*spoke = true;
	}
	return NULL;
}

static struct err *finish(struct ctx *cx, const struct speaking_out *from,
                          enum speech_format format, struct speech *out)
{
	if (format == SPEECH_MP3)
		return mp3_encode(cx, from->samples, from->n, from->rate, out);
	out->audio = wav_file(cx->arena, from->samples, from->n, from->rate);
	out->audio_ms = (unsigned)(from->n * 1000 / from->rate);
	return NULL;
}

/* ERR_UPSTREAM_REJECTED: there are words, but none this voice has sounds for
 * (another script), or more than SECONDS_MAX of them. */
static struct err *flite_speak(struct ctx *cx, const struct speech_order *order, struct speech *out)
{
	struct speaking_out *spoken = NEW(cx->arena, struct speaking_out);
	bool                 wants_words = false, spoke = false;

	pthread_once(&once, open_voice);
	if (!voice)
		FAIL(cx, ERR_UPSTREAM, "the local voice is not installed");
	spoken->rate = 16000;
	arena_defer(cx->arena, free_samples, spoken);
	for (size_t i = 0; i < order->n; i++) {
		wants_words |= !str_is_blank(order->pieces[i].text);
		TRY(say_text(cx, spoken, order->pieces[i].text, &spoke));
		TRY(add_silence(cx, spoken, order->pieces[i].pause_ms));
	}
	if (wants_words && !spoke)
		FAIL(cx, ERR_UPSTREAM_REJECTED, "no word this voice could say");
	return finish(cx, spoken, order->format, out);
}

struct tts_engine flite_tts = {
	.p = {.name = "local", .timeout_ms = TIMEOUT_MS, .is_local = true},
	.speak = flite_speak,
};
