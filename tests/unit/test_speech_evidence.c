/* test_speech_evidence.c -- speech passes, however short; noise and stock phrases do not. */
#include "../../common/domain/voice/speech_evidence.h"

#include "../../common/decoder/audio_decode.h"
#include "recordings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define SECONDS 3
#define N       (SECONDS * (size_t)PCM_RATE)

static struct sound measure_file(struct ctx *cx, const char *name)
{
	struct span bytes = read_recording(cx, name);
	struct pcm  pcm;

	assert_null(audio_decode(cx, bytes, audio_sniff(bytes), &pcm));
	return sound_measure(cx->arena, pcm);
}

/* The same noise in every run. */
static float noise(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return (float)((double)(state >> 8) / (1 << 23) - 1);
}

enum made { SILENCE, WHITE, QUIET, HUM, RICH_HUM, TONE, CLICKS, OFFSET };

static float made_sample(enum made kind, size_t i)
{
	double t = (double)i / PCM_RATE;

	switch (kind) {
	case SILENCE:
		return 0;
	case WHITE:
		return noise() * 0.1f;
	case QUIET:
		return noise() * 0.0008f;
	case HUM:
		return (float)(0.2 * sin(2 * M_PI * 50 * t));
	case RICH_HUM:
		return (float)(0.1 * sin(2 * M_PI * 50 * t) + 0.05 * sin(2 * M_PI * 150 * t)) +
		       noise() * 0.002f;
	case TONE:
		return (float)(0.2 * sin(2 * M_PI * 440 * t));
	case CLICKS:
		return i % 6000 < 60 ? noise() * 0.8f : 0;
	case OFFSET:
		return 0.5f;
	}
	return 0;
}

static void made_sounds_are_no_speech(void **state)
{
	(void)state;
	for (enum made kind = SILENCE; kind <= OFFSET; kind++) {
		struct ctx   cx = new_ctx(10000);
		float       *samples = NEW_ARRAY(cx.arena, float, N);
		struct sound sound;

		for (size_t i = 0; i < N; i++)
			samples[i] = made_sample(kind, i);
		sound = sound_measure(cx.arena, (struct pcm){samples, N});
		assert_false(sound_may_be_speech(&sound));
		arena_free(&cx.arena);
	}
}

static void short_and_empty_recordings_are_no_speech(void **state)
{
	struct ctx   cx = new_ctx(10000);
	float        samples[64] = {0.5f};
	struct sound sound = sound_measure(cx.arena, (struct pcm){samples, 0});

	(void)state;
	assert_false(sound_may_be_speech(&sound));
	sound = sound_measure(cx.arena, (struct pcm){samples, COUNT(samples)});
	assert_false(sound_may_be_speech(&sound));
	arena_free(&cx.arena);
}

static void recordings_of_people_may_be_speech(void **state)
{
	static const char *const names[] = {"speech/jfk.wav", "speech/spk1_snt1.wav",
	                                    "speech/spk1_snt5.wav", "formats/opus.webm"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ctx   cx = new_ctx(10000);
		struct sound sound = measure_file(&cx, names[i]);

		assert_true(sound_may_be_speech(&sound));
		assert_true(sound.voiced_ms > 300 && sound.voiced_ms <= sound.active_ms);
		assert_true(sound.from < sound.to);
		arena_free(&cx.arena);
	}
}

static void trims_silence_around(void **state)
{
	struct ctx   cx = new_ctx(10000);
	struct span  bytes = read_recording(&cx, "speech/spk1_snt1.wav");
	struct pcm   pcm;
	float       *samples;
	size_t       pad = 3 * (size_t)PCM_RATE;
	struct sound sound;

	(void)state;
	assert_null(audio_decode(&cx, bytes, AUDIO_WAV, &pcm));
	samples = NEW_ARRAY(cx.arena, float, pcm.n + 2 * pad);
	memcpy(samples + pad, pcm.samples, pcm.n * sizeof(*samples));
	sound = sound_measure(cx.arena, (struct pcm){samples, pcm.n + 2 * pad});
	assert_in_range(sound.from, pad - PCM_RATE / 2, pad + PCM_RATE / 2);
	assert_in_range(sound.to, pad + pcm.n - PCM_RATE / 2, pad + pcm.n + PCM_RATE / 2);
	arena_free(&cx.arena);
}

static void cuts_where_it_is_quiet(void **state)
{
	static float samples[4 * PCM_RATE];
	struct pcm   pcm = {samples, COUNT(samples)};
	size_t       cut;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		samples[i] = i > 38000 && i < 42000 ? 0 : noise();
	cut = sound_cut(pcm, 3 * PCM_RATE);
	assert_in_range(cut, 38000, 42000);
	assert_int_equal(sound_cut(pcm, COUNT(samples)), COUNT(samples));
}

/* "Yeah" is not written for a click. */
static void an_answer_has_a_vowel(void **state)
{
	const struct heard_segment segment = {" Yeah.", 0, 1, 0.05, -0.1, 1};
	const struct sound         click = {.rms = 0.1, .voiced_ms = 64}, vowel = {.voiced_ms = 96};
	struct arena              *a = arena_new(1024);

	(void)state;
	assert_string_equal(speech_judge(a, &click, &segment, 1).text, "");
	assert_string_equal(speech_judge(a, &vowel, &segment, 1).text, "Yeah.");
	arena_free(&a);
}

static const struct sound clear = {.rms = 0.1, .peak = 0.5, .active_ms = 900, .voiced_ms = 500};

static void judges(void **state)
{
	static const struct {
		const char *heard;
		double      no_speech_prob, avg_logprob, compression_ratio;
		const char *text;
	} cases[] = {
		{" Yes.", 0.1, -0.4, 0.4, "Yes."},
		{" Thank you.", 0.05, -0.25, 0.6, "Thank you."},
		{" Thank you.", 0.55, -0.25, 0.6, ""},
		{" Thank you.", 0.05, -0.9, 0.6, ""},
		{" Thanks for watching!", 0.5, -0.2, 0.8, ""},
		{" you", 0.84, -0.3, 0.4, ""},
		{" Subtitles by the Amara.org community", 0.5, -0.1, 1, ""},
		{" Hello.", 0.17, -1.35, 0.5, "Hello."},
		{" Hello.", 0.5, -1.35, 0.5, ""},
		{" Million", 0.43, -1.11, 0.5, "Million"},
		{" Okay.", 0.2, -0.71, 0.43, "Okay."},
		{" okay", 0.1, -1.01, 0.38, "okay"},
		{" Yeah.", 0.55, -1.31, 0.43, "Yeah."},
		{" right.", 0.63, -1.41, 0.47, "right."},
		{" - Yeah.", 0.59, -2.54, 0.5, ""},
		{" Yeah.", 0.7, -1, 0.43, ""},
		{" Goodbye.", 0.09, -0.75, 0.53, "Goodbye."},
		{" Goodbye.", 0.3, -0.75, 0.53, ""},
		{" Thanks for watching!", 0.31, -0.2, 0.72, ""},
		{" ご視聴ありがとうございました", 0.7, -0.4, 1, ""},
		{" Спасибо за просмотр! Thank you.", 0.25, -0.2, 1, ""},
		{"蜂蜜蜜蜜蜜蜜蜜蜜蜜蜜", 0.3, -0.28, 2, ""},
		{" you you you you you you", 0.01, -0.2, 2, ""},
		{" Call me at (555) 123-4567.", 0.01, -0.2, 1.2, "Call me at (555) 123-4567."},
		{" We need it now.", 0.7, -0.3, 1, "We need it now."},
		{" We need it now.", 0.7, -0.8, 1, ""},
		{" We need it now.", 0.95, -0.1, 1, ""},
		{" We need it now.", 0.1, -3, 1, ""},
		{" na na na na", 0.1, -0.1, 3.5, ""},
		{" [BLANK_AUDIO]", 0.1, -0.1, 1, ""},
		{" (upbeat music) ", 0.1, -0.1, 1, ""},
		{" *sighs* [Music] I see.  Go\non ♪", 0.1, -0.1, 1, "I see. Go on"},
		{" -", 0.1, -0.1, 1, ""},
		{" Grüße (und [mehr", 0.1, -0.1, 1, "Grüße (und [mehr"},
		{"", 0.1, -0.1, 1, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena        *a = arena_new(1024);
		struct heard_segment segment = {.text = cases[i].heard,
		                                .no_speech_prob = cases[i].no_speech_prob,
		                                .avg_logprob = cases[i].avg_logprob,
		                                .compression_ratio = cases[i].compression_ratio};
		struct verdict       verdict = speech_judge(a, &clear, &segment, 1);

		assert_string_equal(verdict.text, cases[i].text);
		assert_true(*verdict.text ? verdict.confidence > 0 && verdict.confidence <= 1
		                          : verdict.confidence == 0);
		arena_free(&a);
	}
}

static void joins_what_it_believes(void **state)
{
	const struct heard_segment segments[] = {
		{" We met", 0, 1, 0.05, -0.1, 1},
		{" Thanks for watching!", 1, 2, 0.9, -1.2, 1},
		{" on Monday. ", 2, 3, 0.05, -0.2, 1},
	};
	const struct heard_segment outro[] = {{" We met.", 0, 1, 0.05, -0.1, 1},
	                                      {" Thanks for watching!", 1, 2, 0.3, -0.1, 1}};
	const struct heard_segment loop[] = {{" We should go to to to", 0, 1, 0.05, -0.1, 1},
	                                     {" to to the office.", 1, 2, 0.05, -0.1, 1}};
	const struct sound         quiet = {.rms = 0.1, .voiced_ms = 0};
	struct arena              *a = arena_new(1024);

	(void)state;
	assert_string_equal(speech_judge(a, &clear, segments, 3).text, "We met on Monday.");
	assert_string_equal(speech_judge(a, &quiet, segments, 3).text, "");
	assert_string_equal(speech_judge(a, &clear, outro, 2).text, "We met.");
	assert_string_equal(speech_judge(a, &clear, loop, 2).text, "We should go to the office.");
	assert_string_equal(speech_judge(a, &clear, segments, 0).text, "");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_sounds_are_no_speech),
		cmocka_unit_test(short_and_empty_recordings_are_no_speech),
		cmocka_unit_test(recordings_of_people_may_be_speech),
		cmocka_unit_test(trims_silence_around),
		cmocka_unit_test(cuts_where_it_is_quiet),
		cmocka_unit_test(an_answer_has_a_vowel),
		cmocka_unit_test(judges),
		cmocka_unit_test(joins_what_it_believes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
