/* test_voice_out.c -- sound on its way out: in few parts, none late, that join without a click. */
#include "../../common/engines/voice_out.h"
#include "../../common/decoder/audio_decode.h"
#include "../../common/engines/mp3_encode.h"
#include "heard_parts.h"
#include "recordings.h"
#include "unit.h"

#include <math.h>

#define RATE   16000u /* of samples, and of what is decoded */
#define HERTZ  100.0
#define LOUD   8000.0
#define PIECES 3u
#define PIECE_N \
	24000u /* no whole number of frames; it ends where the tone is quiet, as speech does */

static struct speech_order in_parts(struct heard_parts *parts)
{
	return (struct speech_order){.format = SPEECH_MP3, .on_part = hear_part, .data = parts};
}

static double tone(size_t at)
{
	return LOUD * sin(2 * M_PI * HERTZ * (double)at / RATE);
}

/* ---- joins ---- */

/* One piece of a tone that goes through all of them, as a file of its own. */
static void say_piece(struct ctx *cx, size_t piece, struct heard_parts *parts, struct speech *out)
{
	struct speech_order order = in_parts(parts);
	int16_t             samples[PIECE_N];
	struct voice_out   *v;

	for (size_t i = 0; i < PIECE_N; i++)
		samples[i] = (int16_t)lrint(tone(piece * PIECE_N + i));
	assert_ok(voice_out_open(cx, &order, RATE, &v));
	assert_ok(voice_out_samples(v, samples, PIECE_N / 3));
	assert_ok(voice_out_samples(v, samples + PIECE_N / 3, PIECE_N - PIECE_N / 3));
	assert_ok(voice_out_end(v, NULL, out));
	assert_true(parts->has_ended && !parts->is_odd);
}

static size_t in_decoded(unsigned samples)
{
	return (size_t)lrint((double)samples * RATE / 44100);
}

/* What a page plays that leaves out what is declared, all pieces one behind the other. */
static size_t play_pieces(struct ctx *cx, float *heard, size_t max)
{
	size_t n = 0;

	for (size_t piece = 0; piece < PIECES; piece++) {
		struct heard_parts parts = heard_parts(cx->arena);
		struct speech      speech;
		struct pcm         pcm;
		size_t             from, to;

		say_piece(cx, piece, &parts, &speech);
		assert_null(audio_decode(cx, buf_span(&parts.joined), AUDIO_MP3, &pcm));
		from = in_decoded(speech.delay_samples);
		to = pcm.n - in_decoded(speech.padding_samples);
		assert_true(from < to && n + to - from <= max);
		memcpy(heard + n, pcm.samples + from, (to - from) * sizeof(*heard));
		n += to - from;
	}
	return n;
}

/* A click or a gap is a place where the tone is not what it was, or later than it was: a tenth of
 * it is allowed, which is a sixth of a millisecond. */
static void pieces_join_without_a_click(void **state)
{
	struct ctx *cx = *state;
	float      *heard = arena_alloc_array(cx->arena, 2 * PIECES * PIECE_N, sizeof(*heard));
	size_t      n = play_pieces(cx, heard, 2 * PIECES * PIECE_N);
	double      worst = 0;

	assert_in_range(n, PIECES * PIECE_N - 2 * PIECES, PIECES * PIECE_N + 2 * PIECES);
	for (size_t i = RATE / 10; i < PIECES * PIECE_N - RATE / 10; i++) {
		double off = fabs((double)heard[i] - tone(i) / 32768) / (LOUD / 32768);

		worst = off > worst ? off : worst;
	}
	if (worst > 0.1)
		fail_msg("off by %.3f", worst);
}

/* Nothing of what players leave out counts as heard, however it is cut. */
static void tells_how_long_it_is_heard(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order whole = {.format = SPEECH_MP3}, wav = {.format = SPEECH_WAV};
	struct speech       in_pieces, at_once, samples;
	struct voice_out   *v;

	say_piece(cx, 0, &parts, &in_pieces);
	assert_in_range(parts.n, 3, 12);
	assert_in_range(parts.audible_ms, PIECE_N / (RATE / 1000) - 1, PIECE_N / (RATE / 1000));
	assert_int_equal(in_pieces.audible_ms, parts.audible_ms);
	assert_int_equal(in_pieces.audio_ms, parts.ms);
	assert_true(parts.ms > parts.audible_ms + 1000 * MP3_DELAY / 44100);
	assert_ok(voice_out_open(cx, &whole, RATE, &v));
	assert_ok(voice_out_silence(v, PIECE_N / (RATE / 1000)));
	assert_ok(voice_out_end(v, NULL, &at_once));
	assert_int_equal(at_once.audible_ms, parts.audible_ms);
	assert_ok(voice_out_open(cx, &wav, RATE, &v));
	assert_ok(voice_out_silence(v, PIECE_N / (RATE / 1000)));
	assert_ok(voice_out_end(v, NULL, &samples));
	assert_int_equal(samples.audible_ms, samples.audio_ms);
}

/* ---- parts ---- */

static struct span silent_file(struct ctx *cx, unsigned ms)
{
	struct buf      file = buf_new(cx->arena, 32 << 20);
	struct mp3_kind kind = mp3_default();

	mp3_append_silence(&file, &kind, ms);
	return buf_span(&file);
}

struct sizes {
	unsigned ms[32];
	size_t   n;
};

static bool note_size(const struct speech_part *part, void *data)
{
	struct sizes *sizes = data;

	assert_true(sizes->n < COUNT(sizes->ms));
	sizes->ms[sizes->n++] = part->ms;
	return true;
}

/* Each lasts as long as it takes, at the pace of what is said, until the next is there. */
static void a_part_is_ready_before_the_one_before_it_ends(void **state)
{
	struct ctx         *cx = *state;
	struct sizes        sizes = {.n = 0};
	struct speech_order order = {.format = SPEECH_MP3, .on_part = note_size, .data = &sizes};
	struct mp3_reader   reader = {.frames_n = 0};
	struct span         file = silent_file(cx, 12000);
	struct speech       speech;
	struct voice_out   *v;
	unsigned            before = 0;

	assert_ok(voice_out_open(cx, &order, 0, &v));
	for (size_t at = 0; at < file.len; at += 100)
		assert_ok(
			voice_out_mp3(v, &reader,
		                  (struct span){file.ptr + at, file.len - at < 100 ? file.len - at : 100},
		                  false));
	assert_ok(voice_out_mp3(v, &reader, SPAN(""), true));
	assert_ok(voice_out_end(v, NULL, &speech));
	assert_in_range(sizes.ms[0], 100, 110);
	for (size_t i = 0; i < sizes.n; i++) {
		assert_true(sizes.ms[i] > 0 && sizes.ms[i] <= 1100);
		assert_true(!i || sizes.ms[i] <= before + 1);
		before += sizes.ms[i];
	}
	assert_int_equal(before, speech.audio_ms);
	assert_in_range(sizes.n, 12, 18);
}

static bool count_part(const struct speech_part *part, void *data)
{
	(void)part;
	++*(size_t *)data;
	return true;
}

#define PIECE_BYTES 400u /* of what comes, as one */

/* Who waits for what is wanted misses no part, and is hardly ever woken for nothing. */
static void tells_how_much_makes_a_part(void **state)
{
	struct ctx         *cx = *state;
	size_t              parts = 0, wakes = 0;
	struct speech_order order = {.format = SPEECH_MP3, .on_part = count_part, .data = &parts};
	struct mp3_reader   reader = {.frames_n = 0};
	struct span         file = silent_file(cx, 12000);
	struct voice_out   *v;

	assert_ok(voice_out_open(cx, &order, 0, &v));
	for (size_t at = 0, n; at < file.len; at += n, wakes++) {
		size_t before = parts, wanted = voice_out_wanted(v);

		n = (wanted + PIECE_BYTES - 1) / PIECE_BYTES * PIECE_BYTES;
		n = n < file.len - at ? n : file.len - at;
		wanted = wanted < n ? wanted : n;
		assert_in_range(wanted, 1, file.len);
		assert_ok(voice_out_mp3(v, &reader, (struct span){file.ptr + at, wanted - 1}, false));
		assert_int_equal(parts, before);
		assert_ok(voice_out_mp3(v, &reader,
		                        (struct span){file.ptr + at + wanted - 1, n - wanted + 1}, false));
	}
	assert_in_range(parts, 11, 18);
	assert_in_range(wakes, parts, 3 * parts);
}

static void what_came_goes_out_when_it_fails(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = in_parts(&parts);
	struct mp3_reader   reader = {.frames_n = 0}, other = {.frames_n = 0};
	struct err         *e = err_new(cx, ERR_UPSTREAM, WHERE, "planned");
	struct speech       speech = {0};
	struct voice_out   *v;

	assert_ok(voice_out_open(cx, &order, 0, &v));
	assert_ok(voice_out_mp3(v, &reader, silent_file(cx, 80), false));
	assert_ptr_equal(voice_out_end(v, e, &speech), e);
	assert_false(e->is_late);
	assert_int_equal(parts.n, 0);

	assert_ok(voice_out_open(cx, &order, 0, &v));
	assert_ok(voice_out_mp3(v, &other, silent_file(cx, 1000), false));
	assert_ptr_equal(voice_out_end(v, e, &speech), e);
	assert_true(e->is_late && parts.has_ended && !parts.is_odd);
	assert_int_equal(parts.joined.len, silent_file(cx, 1000).len);
	assert_int_equal(speech.audio_ms, parts.ms);
}

/* The breath between two runs of words is of their kind and does not wait for the next. */
static void silence_goes_out_behind_words(void **state)
{
	struct ctx         *cx = *state;
	struct heard_parts  parts = heard_parts(cx->arena);
	struct speech_order order = in_parts(&parts);
	struct mp3_reader   reader = {.frames_n = 0};
	struct speech       speech;
	struct voice_out   *v;

	assert_ok(voice_out_open(cx, &order, 0, &v));
	assert_ok(voice_out_silence(v, 1000));
	assert_int_equal(parts.n, 0);
	assert_ok(voice_out_mp3(v, &reader, silent_file(cx, 500), true));
	assert_ok(voice_out_silence(v, 9000));
	assert_in_range(parts.ms, 4400, 4500);
	assert_ok(voice_out_end(v, NULL, &speech));
	assert_in_range(parts.ms, 4470, 4530);
	assert_false(parts.is_odd);
}

static void has_an_end(void **state)
{
	static const unsigned rates[] = {0, 8000};
	struct ctx           *cx = *state;
	struct speech_order   orders[] = {{.format = SPEECH_MP3}, {.format = SPEECH_WAV}};
	struct voice_out     *v;

	for (size_t i = 0; i < COUNT(rates); i++) {
		struct err *e = NULL;
		unsigned    n = 0;

		assert_ok(voice_out_open(cx, &orders[i], rates[i], &v));
		while (!e && n++ < 1000)
			e = voice_out_silence(v, 3000);
		assert_err(e, ERR_UPSTREAM_REJECTED);
		assert_in_range(n, 398, 402);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(pieces_join_without_a_click),
		UNIT_TEST(tells_how_long_it_is_heard),
		UNIT_TEST(a_part_is_ready_before_the_one_before_it_ends),
		UNIT_TEST(tells_how_much_makes_a_part),
		UNIT_TEST(what_came_goes_out_when_it_fails),
		UNIT_TEST(silence_goes_out_behind_words),
		UNIT_TEST(has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
