/* test_audio_decode.c -- every container to 16 kHz mono, and nothing that harms. */
#include "unit.h"

#include "../../common/decoder/audio_decode.h"

#include "../../common/domain/voice/wav.h"
#include "recordings.h"

#include <string.h>

#define BROWSER_RATE 48000

/* The formats folder holds the same second and a half of speech in each of them. */
static void decodes_each_format(void **state)
{
	static const struct {
		const char       *name;
		enum audio_format format;
		unsigned          ms;
	} cases[] = {
		{"formats/opus.webm", AUDIO_WEBM, 1500},   {"formats/opus.ogg", AUDIO_OGG, 1500},
		{"formats/vorbis.ogg", AUDIO_OGG, 1500},   {"formats/tagged.mp3", AUDIO_MP3, 1500},
		{"formats/plain.mp3", AUDIO_MP3, 1500},    {"formats/sound.flac", AUDIO_FLAC, 1500},
		{"formats/aac.m4a", AUDIO_M4A, 1500},      {"formats/fragmented.m4a", AUDIO_M4A, 1500},
		{"formats/camera.webm", AUDIO_WEBM, 1000}, {"formats/stereo-24bit.wav", AUDIO_WAV, 300},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ctx  cx = new_ctx(10000);
		struct span bytes = read_recording(&cx, cases[i].name);
		struct pcm  pcm;

		assert_int_equal(audio_sniff(bytes), cases[i].format);
		assert_null(audio_decode(&cx, bytes, cases[i].format, &pcm));
		assert_in_range(pcm_ms(pcm), cases[i].ms, cases[i].ms + 110);
		assert_true(rms_of(pcm) > 0.015 && rms_of(pcm) < 0.035);
		arena_free(&cx.arena);
	}
}

/* awful: 1 092 676 Hz; bad: a format chunk longer than the file; null: no samples. */
static void refuses_what_is_no_sound(void **state)
{
	static const char *const names[] = {"malformed/awful.wav", "malformed/bad.wav",
	                                    "malformed/null.wav", "formats/picture-only.webm"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ctx  cx = new_ctx(10000);
		struct span bytes = read_recording(&cx, names[i]);
		struct pcm  pcm;
		struct err *e = audio_decode(&cx, bytes, audio_sniff(bytes), &pcm);

		assert_non_null(e);
		assert_int_equal(e->kind, ERR_AUDIO);
		arena_free(&cx.arena);
	}
}

static void refuses_the_wrong_container(void **state)
{
	struct ctx  cx = new_ctx(10000);
	struct span ogg = read_recording(&cx, "formats/opus.ogg");
	struct span list = SPAN("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
	struct pcm  pcm;

	(void)state;
	for (enum audio_format format = AUDIO_WAV; format <= AUDIO_M4A; format++) {
		assert_int_equal(audio_decode(&cx, list, format, &pcm)->kind, ERR_AUDIO);
		assert_int_equal(audio_decode(&cx, SPAN(""), format, &pcm)->kind, ERR_AUDIO);
		if (format != AUDIO_OGG)
			assert_int_equal(audio_decode(&cx, ogg, format, &pcm)->kind, ERR_AUDIO);
	}
	assert_int_equal(audio_decode(&cx, ogg, AUDIO_UNKNOWN, &pcm)->kind, ERR_AUDIO);
	arena_free(&cx.arena);
}

static void decodes_what_is_left_of_a_cut(void **state)
{
	static const char *const names[] = {"formats/opus.webm", "formats/opus.ogg",
	                                    "formats/plain.mp3", "formats/stereo-24bit.wav"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ctx  cx = new_ctx(10000);
		struct span bytes = read_recording(&cx, names[i]);
		struct pcm  pcm;

		bytes.len = bytes.len * 4 / 5;
		assert_null(audio_decode(&cx, bytes, audio_sniff(bytes), &pcm));
		assert_true(pcm_ms(pcm) > 100);
		arena_free(&cx.arena);
	}
}

/* PCM16 as a page records it; a 300 Hz tone at half scale. */
static struct span browser_recording(struct ctx *cx, unsigned seconds)
{
	size_t   n = (size_t)seconds * BROWSER_RATE;
	int16_t *samples = NEW_ARRAY(cx->arena, int16_t, n);

	for (size_t i = 0; i < n; i++)
		samples[i] = (int16_t)(16384 * sin(2 * M_PI * 300 * (double)i / BROWSER_RATE));
	return wav_file(cx->arena, samples, n, BROWSER_RATE);
}

static void decodes_two_minutes_and_no_more(void **state)
{
	struct ctx  cx = new_ctx(20000);
	struct pcm  pcm;
	struct err *e;

	(void)state;
	assert_null(audio_decode(&cx, browser_recording(&cx, 120), AUDIO_WAV, &pcm));
	assert_in_range(pcm_ms(pcm), 119990, 120010);
	assert_true(fabs(rms_of(pcm) - 0.3536) < 0.01);
	e = audio_decode(&cx, browser_recording(&cx, 121), AUDIO_WAV, &pcm);
	assert_non_null(e);
	assert_int_equal(e->kind, ERR_TOO_LARGE);
	arena_free(&cx.arena);
}

static void stops_when_told(void **state)
{
	struct ctx cx = new_ctx(0);
	struct pcm pcm;

	(void)state;
	assert_int_equal(audio_decode(&cx, browser_recording(&cx, 1), AUDIO_WAV, &pcm)->kind,
	                 ERR_DEADLINE);
	cx.deadline = deadline_in(10000);
	cx.cancel = unit_cancelled();
	assert_int_equal(audio_decode(&cx, browser_recording(&cx, 1), AUDIO_WAV, &pcm)->kind,
	                 ERR_CANCELLED);
	arena_free(&cx.arena);
}

/* What two channels hold of one second of speech. */
enum wiring { SAME, SWAPPED, SWAPPED_WITH_HUM, LEFT_ONLY, RIGHT_ONLY, QUIETER_SWAPPED, WIRINGS };

static int16_t channel_of(enum wiring wiring, bool is_right, float speech, size_t i)
{
	/* Each has its gain, left and right; hum comes to both alike. */
	static const float gains[WIRINGS][2] = {{1, 1}, {1, -1}, {1, -1}, {1, 0}, {0, 1}, {-0.5f, 1}};
	double hum = wiring == SWAPPED_WITH_HUM ? 0.1 * sin(2 * M_PI * 50 * (double)i / 16000) : 0;

	return (int16_t)(16384 * ((double)(gains[wiring][is_right] * speech) + hum));
}

/* A file of 2 * n samples that says it has two channels. */
static struct span two_channels(struct ctx *cx, struct pcm speech, enum wiring wiring)
{
	int16_t *samples = NEW_ARRAY(cx->arena, int16_t, 2 * speech.n);
	char    *file;

	for (size_t i = 0; i < 2 * speech.n; i++)
		samples[i] = channel_of(wiring, i % 2, speech.samples[i / 2], i / 2);
	file = (char *)(uintptr_t)wav_file(cx->arena, samples, 2 * speech.n, 16000).ptr;
	memcpy(file + 22, "\2\0\x80\x3e\0\0\0\xfa\0\0\4\0", 12);
	return (struct span){file, WAV_HEADER_BYTES + 4 * speech.n};
}

/* How much alike they are: 1 and -1 are the same but for the level. */
static double likeness(struct pcm a, struct pcm b)
{
	double product = 0;

	for (size_t i = 0; i < a.n; i++)
		product += (double)(a.samples[i] * b.samples[i]);
	return product / (double)a.n / rms_of(a) / rms_of(b);
}

static void a_channel_that_cancels_the_other_is_left_out(void **state)
{
	struct ctx cx = new_ctx(10000);
	struct pcm speech, heard;

	(void)state;
	assert_null(audio_decode(&cx, read_recording(&cx, "speech/spk1_snt3.wav"), AUDIO_WAV, &speech));
	for (enum wiring wiring = SAME; wiring < WIRINGS; wiring++) {
		assert_null(audio_decode(&cx, two_channels(&cx, speech, wiring), AUDIO_WAV, &heard));
		assert_int_equal(heard.n, speech.n);
		assert_true(rms_of(heard) > 0.45 * rms_of(speech));
		assert_true(wiring == SWAPPED_WITH_HUM || fabs(likeness(heard, speech)) > 0.99);
	}
	arena_free(&cx.arena);
}

static void two_minutes_may_have_two_channels(void **state)
{
	struct ctx cx = new_ctx(20000);
	struct pcm whole = {NEW_ARRAY(cx.arena, float, AUDIO_SAMPLES_MAX + 1), 120 * PCM_RATE}, heard;

	(void)state;
	assert_null(audio_decode(&cx, two_channels(&cx, whole, SAME), AUDIO_WAV, &heard));
	assert_int_equal(heard.n, whole.n);
	whole.n = AUDIO_SAMPLES_MAX + 1;
	assert_err(audio_decode(&cx, two_channels(&cx, whole, SAME), AUDIO_WAV, &heard), ERR_TOO_LARGE);
	arena_free(&cx.arena);
}

/* A WAV header for float samples in front of values no wave has. */
static void makes_wild_samples_finite(void **state)
{
	static const float wild[] = {NAN, INFINITY, -INFINITY, 7, -7, 0.5f};
	struct ctx         cx = new_ctx(10000);
	char              *file = NEW_ARRAY(cx.arena, char, 44 + 16000 * 4);
	struct pcm         pcm;

	(void)state;
	memcpy(file, wav_file(cx.arena, NULL, 0, 16000).ptr, 44);
	memcpy(file + 4, "\x24\xfa\0\0", 4);
	memcpy(file + 20, "\3\0\1\0\x80\x3e\0\0\0\xfa\0\0\4\0\x20\0", 16);
	memcpy(file + 40, "\0\xfa\0\0", 4);
	for (size_t i = 0; i < 16000; i++)
		memcpy(file + 44 + i * 4, &wild[i % COUNT(wild)], 4);
	assert_null(audio_decode(&cx, (struct span){file, 44 + 16000 * 4}, AUDIO_WAV, &pcm));
	assert_int_equal(pcm.n, 16000);
	for (size_t i = 0; i < pcm.n; i++)
		assert_true(pcm.samples[i] >= -1 && pcm.samples[i] <= 1);
	arena_free(&cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_each_format),
		cmocka_unit_test(refuses_what_is_no_sound),
		cmocka_unit_test(refuses_the_wrong_container),
		cmocka_unit_test(decodes_what_is_left_of_a_cut),
		cmocka_unit_test(decodes_two_minutes_and_no_more),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(a_channel_that_cancels_the_other_is_left_out),
		cmocka_unit_test(two_minutes_may_have_two_channels),
		cmocka_unit_test(makes_wild_samples_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
