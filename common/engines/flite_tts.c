/* flite_tts.c -- a voice on this machine: flite's cmu_us_slt, LAME, no network.
 *
 * The voice is loaded with the first sentence: linked in, its tables would be
 * relocated at every start and cost an idle program 2 MB. Registering it writes
 * to globals of flite, hence once, under pthread_once; speaking only reads it.
 * Sentences are spoken one by one, which bounds what flite allocates; the sound of each goes on
 * while it is made, and the deadline is looked at between pieces of it. A long text is looked
 * through before: one that spells takes minutes of a core, and reading it as phones takes a
 * thousandth of making sound of them. Who would wait long for a voice is refused at once:
 * ERR_UNAVAILABLE, and words without sound. */
#include "../base/log.h"
#include "../base/str.h"
#include "../domain/voice/speakable.h"
#include "slots.h"
#include "voice_out.h"

#include <dlfcn.h>
#include <flite/flite.h>
#include <limits.h>

#define TIMEOUT_MS 20000u
/* Sentences spoken at the same time, where there are processors for them. */
#define VOICES  4u
#define WAIT_MS 3000u /* whoever would be spoken to later has read it by then */
#define BYTE_MS 1.0   /* of making sound of one, until that is known */
#define RATE    16000u
#define STEP    1024 /* samples at a time: 64 ms */
/* 5 000 characters of prose have 3 500 phones; speaking more than these takes ten seconds. What is
 * shorter than PROBE_MIN can not have them: sevens, ten or eleven together, have most, 8.7 each. */
#define PHONES_MAX 5000u
#define PROBE_MIN  500u

#define LIBRARY "libflite_cmu_us_slt.so.1" /* brings the others along */

/* The functions of flite we call; all NULL when it is not installed. */
static struct {
	int (*init_library)(void);
	cst_voice *(*register_voice)(const char *voxdir);
	cst_utterance *(*new_utterance)(void);
	cst_utterance *(*init_utterance)(cst_utterance *u, cst_voice *voice);
	cst_utterance *(*text_to_phones)(cst_utterance *u);
	cst_utterance *(*text_to_sound)(cst_utterance *u);
	cst_audio_streaming_info *(*new_streaming)(void);
	cst_val *(*streaming_value)(const cst_audio_streaming_info *streaming);
	void (*set_feature)(cst_features *features, const char *name, const cst_val *value);
	int (*set_text)(cst_utterance *u, const char *text);
	cst_relation *(*relation)(cst_utterance *u, const char *name);
	cst_item *(*head)(cst_relation *relation);
	cst_item *(*next)(const cst_item *item);
	void (*delete_utterance)(cst_utterance *u);
} flite;

static cst_voice     *voice; /* NULL: could not be loaded */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct slots   voices = SLOTS_BEHIND_CROWDS(1);

/* POSIX promises that a function fits the pointer dlsym returns; C does not say so. */
static bool find_function(void *library, const char *name, void *to)
{
	void *found = dlsym(library, name);

	memcpy(to, &found, sizeof(found));
	return found != NULL;
}

static bool find_functions(void *library)
{
	const struct {
		const char *name;
		void       *to;
	} wanted[] = {
		{"flite_init", &flite.init_library},
		{"register_cmu_us_slt", &flite.register_voice},
		{"new_utterance", &flite.new_utterance},
		{"utt_init", &flite.init_utterance},
		{"utt_set_input_text", &flite.set_text},
		{"utt_synth_text2segs", &flite.text_to_phones},
		{"utt_synth", &flite.text_to_sound},
		{"new_audio_streaming_info", &flite.new_streaming},
		{"audio_streaming_info_val", &flite.streaming_value},
		{"feat_set", &flite.set_feature},
		{"utt_relation", &flite.relation},
		{"relation_head", &flite.head},
		{"item_next", &flite.next},
		{"delete_utterance", &flite.delete_utterance},
	};
	bool are_all = library != NULL;

	for (size_t i = 0; are_all && i < COUNT(wanted); i++)
		are_all = find_function(library, wanted[i].name, wanted[i].to);
	return are_all;
}

static void open_voice(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);

	if (!find_functions(library)) {
		LOG(LOG_ERROR, NULL, "voice_not_loaded", F_STR("library", LIBRARY));
		return;
	}
	slots_fit(&voices, VOICES);
	voices.pace[LANE_FRONT] = voices.pace[LANE_BACK] = BYTE_MS;
	flite.init_library();
	voice = flite.register_voice(NULL);
}

/* A sentence being spoken. */
struct saying {
	struct ctx       *cx;
	struct voice_out *out;
	struct err       *failed;
};

static struct err *add_wave(const struct saying *s, const cst_wave *wave, int start, int size)
{
	if (wave->num_channels != 1 || wave->sample_rate != (int)RATE)
		FAIL(s->cx, ERR_INTERNAL, "flite made %d channels at %d Hz", wave->num_channels,
		     wave->sample_rate);
	return voice_out_samples(s->out, wave->samples + start, size > 0 ? (size_t)size : 0);
}

/* What flite has made since the last time; the rest of it is not made where nobody wants it. */
static int take_sound(const cst_wave *wave, int start, int size, int is_last,
                      cst_audio_streaming_info *streaming)
{
	struct saying *s = streaming->userdata;

	(void)is_last;
	s->failed = add_wave(s, wave, start, size);
	return s->failed ? CST_AUDIO_STREAM_STOP : CST_AUDIO_STREAM_CONT;
}

/* Its sound goes on while flite makes it. False: flite can not. */
static bool speak_text(const char *text, struct saying *s)
{
	cst_utterance            *u = flite.new_utterance();
	cst_audio_streaming_info *streaming = flite.new_streaming();
	bool                      is_made;

	streaming->min_buffsize = STEP;
	streaming->asc = take_sound;
	streaming->userdata = s;
	flite.set_text(u, text);
	flite.init_utterance(u, voice);
	flite.set_feature(u->features, "streaming_info", flite.streaming_value(streaming));
	is_made = flite.text_to_sound(u) != NULL;
	flite.delete_utterance(u); /* and what is among its features */
	return is_made;
}

/* This voice takes a hundred times what a remote one does: where all are sent here on a full
 * machine, those who wait long would keep it full, and be heard when the talk has gone on. */
static struct err *take_voice(struct ctx *cx, size_t bytes, struct slot *out)
{
	const struct deadline whole = cx->deadline;
	struct err           *e;

	cx->deadline = deadline_sooner(whole, deadline_in(WAIT_MS));
	e = slots_take(cx, &voices, (double)bytes, out);
	cx->deadline = whole;
	return e;
}

static struct err *say_sentence(struct ctx *cx, struct voice_out *out, struct span sentence)
{
	const char   *text = arena_strndup(cx->arena, sentence.ptr, sentence.len);
	struct saying saying = {.cx = cx, .out = out};
	struct slot   slot;
	bool          is_made;

	TRY(take_voice(cx, sentence.len, &slot));
	is_made = speak_text(text, &saying);
	slots_give(&voices, slot, is_made);
	if (!is_made)
		FAIL(cx, ERR_INTERNAL, "flite made no sound of %zu characters", sentence.len);
	return saying.failed;
}

static struct err *say_text(struct ctx *cx, struct voice_out *out, const char *said, bool *spoke)
{
	struct span rest = span_of(said), sentence;

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

static size_t phones_of(const char *text)
{
	cst_utterance *u = flite.new_utterance();
	size_t         n = 0;

	flite.set_text(u, text);
	flite.init_utterance(u, voice);
	u = flite.text_to_phones(u);
	for (cst_item *i = flite.head(flite.relation(u, "Segment")); i; i = flite.next(i))
		n++;
	flite.delete_utterance(u);
	return n;
}

/* What the pieces are read as; ERR_INPUT when that takes too long to say. */
static struct err *read_pieces(struct ctx *cx, const struct speech_order *order, const char **said)
{
	size_t bytes = 0, phones = 0;

	for (size_t i = 0; i < order->n; i++) {
		said[i] = speakable_text(cx->arena, span_of(order->pieces[i].text));
		bytes += strlen(said[i]);
	}
	if (bytes < PROBE_MIN)
		return NULL;
	for (size_t i = 0; i < order->n; i++) {
		struct span rest = span_of(said[i]), sentence;

		while (phones <= PHONES_MAX && speakable_next(&rest, &sentence))
			phones += phones_of(arena_strndup(cx->arena, sentence.ptr, sentence.len));
	}
	if (phones > PHONES_MAX)
		FAIL_FIELD(cx, "text", "takes too long to say: more than %u sounds", PHONES_MAX);
	return NULL;
}

static struct err *say_pieces(struct ctx *cx, const struct speech_order *order,
                              const char *const *said, struct voice_out *out)
{
	bool wants_words = false, spoke = false;

	for (size_t i = 0; i < order->n; i++) {
		wants_words |= !str_is_blank(order->pieces[i].text);
		TRY(say_text(cx, out, said[i], &spoke));
		TRY(voice_out_silence(out, order->pieces[i].pause_ms));
	}
	if (wants_words && !spoke)
		FAIL(cx, ERR_UPSTREAM_REJECTED, "no word this voice could say");
	return NULL;
}

/* ERR_INPUT: it spells for minutes. ERR_UPSTREAM_REJECTED: there are words, but none this voice has
 * sounds for (another script), or more than VOICE_SECONDS_MAX of them. */
static struct err *flite_speak(struct ctx *cx, const struct speech_order *order, struct speech *out)
{
	const char      **said = NEW_ARRAY(cx->arena, const char *, order->n + 1);
	struct voice_out *spoken;

	pthread_once(&once, open_voice);
	if (!voice)
		FAIL(cx, ERR_UPSTREAM, "the local voice is not installed");
	TRY(read_pieces(cx, order, said));
	TRY(voice_out_open(cx, order, RATE, &spoken));
	return voice_out_end(spoken, say_pieces(cx, order, said, spoken), out);
}

struct tts_engine flite_tts = {
	.p = {.name = "local", .timeout_ms = TIMEOUT_MS, .is_local = true},
	.speak = flite_speak,
};
