/* test_whisper_stt.c -- Whisper tiny hears the clips, keeps its time, is silent about noise. */
#include "unit.h"

#include "../../common/decoder/audio_decode.h"
#include "../../common/base/str.h"
#include "../../common/base/thread.h"
#include "../../common/engines/engines.h"
#include "recordings.h"
#include "word_errors.h"

#include <string.h>

#define PATIENCE 60000u /* builds under a sanitizer on a busy machine */
#define WER_MAX  0.05

static struct pcm decode(struct ctx *cx, struct span bytes)
{
	struct pcm pcm;

	assert_null(audio_decode(cx, bytes, audio_sniff(bytes), &pcm));
	return pcm;
}

static const char *heard_in(struct ctx *cx, struct pcm pcm)
{
	struct sound     sound = sound_measure(cx->arena, pcm);
	struct recording in = {.pcm = pcm};
	struct heard     heard;

	assert_null(whisper_stt.transcribe(cx, &in, &heard));
	assert_string_equal(heard.model, "whisper-tiny");
	return speech_judge(cx->arena, &sound, heard.segments, heard.n).text;
}

static void hears_the_clips(void **state)
{
	struct ctx all = new_ctx(PATIENCE);
	char      *list = arena_strndup(all.arena, read_recording(&all, "transcripts.tsv").ptr,
	                                read_recording(&all, "transcripts.tsv").len);
	size_t     errors = 0, total = 0;

	(void)state;
	for (char *line = list, *rest; *line; line = rest) {
		const char *want[WORDS_MAX], *got[WORDS_MAX];
		struct ctx  cx = new_ctx(PATIENCE);
		char       *tab = strchr(line, '\t');
		size_t      n, m;

		rest = line + strcspn(line, "\n");
		rest += *rest == '\n';
		assert_non_null(tab);
		*tab = '\0';
		n = split_words(cx.arena, arena_strndup(cx.arena, tab + 1, (size_t)(rest - tab - 1)), want);
		m = split_words(cx.arena, heard_in(&cx, decode(&cx, read_recording(&cx, line))), got);
		errors += errors_between(want, n, got, m);
		total += n;
		arena_free(&cx.arena);
	}
	assert_true(total > 50);
	assert_true((double)errors <= WER_MAX * (double)total);
	arena_free(&all.arena);
}

static struct pcm spoken(struct ctx *cx, const char *text)
{
	struct speech_piece piece = {text, 0};
	struct speech_order order = {.pieces = &piece, .n = 1, .format = SPEECH_WAV};
	struct speech       speech;

	assert_null(flite_tts.speak(cx, &order, &speech));
	return decode(cx, speech.audio);
}

static void hears_a_single_word(void **state)
{
	static const char *const words[] = {"Yes.", "No.", "Thank you.", "Hello.", "Right.", "Yeah."};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct ctx cx = new_ctx(PATIENCE);

		assert_string_equal(heard_in(&cx, spoken(&cx, words[i])), words[i]);
		arena_free(&cx.arena);
	}
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* 39 s, longer than Whisper sees at once: nothing is lost where it is cut. */
static void hears_a_long_recording(void **state)
{
	static const char *const names[] = {"speech/spk1_snt1.wav", "speech/spk1_snt2.wav",
	                                    "speech/spk1_snt3.wav", "speech/spk1_snt4.wav",
	                                    "speech/spk1_snt5.wav", "speech/jfk.wav"};
	const char              *text;
	struct ctx               cx = new_ctx(2 * PATIENCE);
	float                   *samples = NEW_ARRAY(cx.arena, float, 60 * PCM_RATE);
	size_t                   n = 0;

	(void)state;
	for (size_t i = 0; i < 11; i++) {
		struct pcm pcm = decode(&cx, read_recording(&cx, names[i % COUNT(names)]));

		memcpy(samples + n, pcm.samples, pcm.n * sizeof(*samples));
		n += pcm.n;
	}
	text = heard_in(&cx, (struct pcm){samples, n});
	assert_int_equal(count_of(text, "figures"), 2);
	assert_int_equal(count_of(text, "pure"), 2);
	assert_int_equal(count_of(text, "middle"), 2);
	assert_int_equal(count_of(text, "country"), 2);
	arena_free(&cx.arena);
}

#define LENGTHS 30

/* One of two visitors who talk at the same time. */
struct visitor {
	pthread_t    thread;
	const float *samples;
	bool         goes_down; /* from the longest to the shortest */
	const char  *heard[LENGTHS + 1];
};

static const char *heard_by_visitor(const struct visitor *v, unsigned seconds)
{
	struct ctx       cx = new_ctx(10 * PATIENCE);
	struct recording in = {.pcm = {v->samples, (size_t)seconds * PCM_RATE}};
	struct buf       text = buf_new(cx.arena, 0);
	struct heard     heard;
	char            *kept = NULL;

	if (!whisper_stt.transcribe(&cx, &in, &heard)) {
		for (size_t i = 0; i < heard.n; i++)
			buf_str(&text, heard.segments[i].text);
		kept = strdup(buf_text(&text));
	}
	arena_free(&cx.arena);
	return kept;
}

static void *visit(void *data)
{
	struct visitor *v = data;

	for (unsigned i = 1; i <= LENGTHS; i++) {
		unsigned seconds = v->goes_down ? LENGTHS + 1 - i : i;

		v->heard[seconds] = heard_by_visitor(v, seconds);
	}
	return NULL;
}

static const float *half_a_minute(struct ctx *cx)
{
	static const char *const names[] = {"speech/jfk.wav",       "speech/spk1_snt1.wav",
	                                    "speech/spk1_snt2.wav", "speech/spk1_snt3.wav",
	                                    "speech/spk1_snt4.wav", "speech/spk1_snt5.wav"};
	float                   *samples = NEW_ARRAY(cx->arena, float, 2 * LENGTHS * PCM_RATE);
	size_t                   n = 0;

	for (size_t i = 0; n < LENGTHS * PCM_RATE; i++) {
		struct pcm pcm = decode(cx, read_recording(cx, names[i % COUNT(names)]));

		memcpy(samples + n, pcm.samples, pcm.n * sizeof(*samples));
		n += pcm.n;
	}
	return samples;
}

/* Each length twice, with others before, behind and beside it. */
static void hears_nothing_of_another_recording(void **state)
{
	struct ctx     cx = new_ctx(PATIENCE);
	const float   *samples = half_a_minute(&cx);
	struct visitor visitors[2] = {{.samples = samples}, {.samples = samples, .goes_down = true}};

	(void)state;
	for (size_t i = 0; i < COUNT(visitors); i++)
		assert_int_equal(thread_start(&visitors[i].thread, 1 << 20, visit, &visitors[i]), 0);
	for (size_t i = 0; i < COUNT(visitors); i++)
		pthread_join(visitors[i].thread, NULL);
	for (unsigned i = 1; i <= LENGTHS; i++) {
		const char *once = visitors[0].heard[i], *twice = visitors[1].heard[i];

		assert_true(once && *once);
		assert_non_null(twice);
		assert_string_equal(once, twice);
		free((void *)(uintptr_t)once);
		free((void *)(uintptr_t)twice);
	}
	arena_free(&cx.arena);
}

static void stops_when_told(void **state)
{
	struct ctx       cx = new_ctx(PATIENCE);
	struct recording in = {.pcm = decode(&cx, read_recording(&cx, "speech/jfk.wav"))};
	struct heard     heard;

	(void)state;
	cx.deadline = deadline_in(0);
	assert_int_equal(whisper_stt.transcribe(&cx, &in, &heard)->kind, ERR_DEADLINE);
	cx.deadline = deadline_in(PATIENCE);
	cx.cancel = unit_cancelled();
	assert_int_equal(whisper_stt.transcribe(&cx, &in, &heard)->kind, ERR_CANCELLED);
	arena_free(&cx.arena);
}

static void takes_the_language_asked_for(void **state)
{
	struct ctx       cx = new_ctx(PATIENCE);
	struct recording in = {.pcm = decode(&cx, read_recording(&cx, "speech/spk1_snt5.wav"))};
	struct heard     heard;

	(void)state;
	assert_null(whisper_stt.transcribe(&cx, &in, &heard));
	assert_string_equal(heard.language, "en");
	in.language = "de";
	assert_null(whisper_stt.transcribe(&cx, &in, &heard));
	assert_string_equal(heard.language, "de");
	in.language = "no such language";
	assert_null(whisper_stt.transcribe(&cx, &in, &heard));
	assert_string_equal(heard.language, "en");
	arena_free(&cx.arena);
}

/* "Si." was a word of Chinese, "Moin." of German. */
static void one_word_is_no_other_language(void **state)
{
	static const char *const words[] = {"Si.", "Moin."};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct ctx       cx = new_ctx(PATIENCE);
		struct recording in = {.pcm = spoken(&cx, words[i])};
		struct heard     heard;

		assert_null(whisper_stt.transcribe(&cx, &in, &heard));
		assert_int_equal(heard.n, 1);
		assert_string_equal(heard.language, "en");
		for (const char *c = heard.segments[0].text; *c; c++)
			assert_true(isascii((unsigned char)*c));
		arena_free(&cx.arena);
	}
}

/* Sounds with a pitch that a voice could have. */
enum made { MELODY, RING, BARKS, DRUM, MADE };

static double made_sample(enum made kind, double t)
{
	static const double notes[] = {261.6, 329.6, 392, 293.7, 440, 349.2, 523.3};
	double              beat = fmod(t, 0.35);

	switch (kind) {
	case MELODY:
		return exp(-3 * beat) * (2 * fmod(notes[(size_t)(t / 0.35) % COUNT(notes)] * t, 1) - 1);
	case RING:
		return fmod(t, 3) < 1 ? sin(2 * M_PI * 440 * t) + sin(2 * M_PI * 480 * t) : 0;
	case BARKS:
		beat = fmod(t, 0.7);
		return beat < 0.2 ? sin(M_PI * beat / 0.2) * (2 * fmod(600 * t + 30 * t * beat, 1) - 1) : 0;
	case DRUM:
		return exp(-20 * beat) * sin(2 * M_PI * (50 + 80 * exp(-40 * beat)) * beat);
	case MADE:
		break;
	}
	return 0;
}

static void hears_no_words_in_music_and_noise(void **state)
{
	static const double levels[] = {0.3, 0.01};

	(void)state;
	for (size_t i = 0; i < MADE * COUNT(levels); i++) {
		struct ctx cx = new_ctx(PATIENCE);
		float     *samples = NEW_ARRAY(cx.arena, float, 4 * PCM_RATE);

		for (size_t k = 0; k < 4 * PCM_RATE; k++)
			samples[k] = (float)(levels[i / MADE] * made_sample(i % MADE, (double)k / PCM_RATE));
		assert_string_equal(heard_in(&cx, (struct pcm){samples, 4 * PCM_RATE}), "");
		arena_free(&cx.arena);
	}
}

static int start_engine(void **state)
{
	const struct cfg_group *groups[] = {whisper_stt.p.settings};

	(void)state;
	if (cfg_load(groups, 1) != 0 || !whisper_stt.p.is_configured())
		return -1;
	return whisper_stt.p.start() ? 0 : -1;
}

static int stop_engine(void **state)
{
	(void)state;
	whisper_stt.p.stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_the_clips),
		cmocka_unit_test(hears_a_single_word),
		cmocka_unit_test(hears_a_long_recording),
		cmocka_unit_test(hears_nothing_of_another_recording),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(takes_the_language_asked_for),
		cmocka_unit_test(one_word_is_no_other_language),
		cmocka_unit_test(hears_no_words_in_music_and_noise),
	};

	return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
