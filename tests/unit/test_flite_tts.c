/* test_flite_tts.c -- words become sound of the promised form, from several threads. */
#include "unit.h"

#include "../../common/base/wait.h"
#include "../../common/decoder/audio_decode.h"
#include "../../common/engines/mp3_encode.h"
#include "../../common/engines/slots.h"
#include "heard_parts.h"
#include "recordings.h"

#include <string.h>

#define SENTENCE "Hello Dana, thank you for telling me about your plan."

extern struct tts_engine flite_tts;

static struct err *say(struct ctx *cx, const char *text, unsigned pause_ms,
                       enum speech_format format, struct speech *out)
{
	struct speech_piece piece = {text, pause_ms};
	struct speech_order order = {.pieces = &piece, .n = 1, .format = format};

	return flite_tts.speak(cx, &order, out);
}

static void makes_constant_mono_mp3(void **state)
{
	struct ctx    cx = new_ctx(20000);
	struct speech speech;
	struct pcm    pcm;

	(void)state;
	assert_null(say(&cx, SENTENCE, 0, SPEECH_MP3, &speech));
	assert_int_equal(audio_sniff(speech.audio), AUDIO_MP3);
	/* MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono, and no tag in front. */
	assert_memory_equal(speech.audio.ptr, "\xff\xfb", 2);
	assert_int_equal((unsigned char)speech.audio.ptr[2] & 0xfc, 0x90);
	assert_int_equal((unsigned char)speech.audio.ptr[3] & 0xc0, 0xc0);
	assert_null(audio_decode(&cx, speech.audio, AUDIO_MP3, &pcm));
	assert_in_range(pcm_ms(pcm), 2000, 6000);
	assert_in_range(pcm_ms(pcm), speech.audio.len / 16 - 60, speech.audio.len / 16 + 60);
	assert_in_range(speech.audio_ms, pcm_ms(pcm) - 60, pcm_ms(pcm) + 60);
	assert_true(rms_of(pcm) > 0.02);
	arena_free(&cx.arena);
}

static void makes_wav(void **state)
{
	struct ctx    cx = new_ctx(20000);
	struct speech speech;
	struct pcm    pcm;

	(void)state;
	assert_null(say(&cx, SENTENCE, 0, SPEECH_WAV, &speech));
	assert_null(audio_decode(&cx, speech.audio, AUDIO_WAV, &pcm));
	assert_int_equal(pcm_ms(pcm), speech.audio_ms);
	assert_true(rms_of(pcm) > 0.02);
	arena_free(&cx.arena);
}

static void makes_pauses(void **state)
{
	struct ctx    cx = new_ctx(20000);
	struct speech plain, paused, silent, capped;

	(void)state;
	assert_null(say(&cx, "Yes.", 0, SPEECH_WAV, &plain));
	assert_null(say(&cx, "Yes.", 1500, SPEECH_WAV, &paused));
	assert_int_equal(paused.audio_ms, plain.audio_ms + 1500);
	assert_null(say(&cx, "", 500, SPEECH_MP3, &silent));
	assert_in_range(silent.audio_ms, 500, 620);
	assert_null(say(&cx, "", 900000, SPEECH_WAV, &capped));
	assert_int_equal(capped.audio_ms, 3000);
	arena_free(&cx.arena);
}

static void refuses_what_it_can_not_say(void **state)
{
	struct ctx    cx = new_ctx(20000);
	struct speech speech;
	struct err   *e = say(&cx, "東京", 0, SPEECH_MP3, &speech);

	(void)state;
	assert_non_null(e);
	assert_int_equal(e->kind, ERR_UPSTREAM_REJECTED);
	arena_free(&cx.arena);
}

/* Minutes of letters are refused before the first of them; what never ends is cut. */
static void refuses_to_spell_for_minutes(void **state)
{
	static const char *const endless[] = {"ABC ", "9 ", "w x ", "Q1 "};
	struct ctx               cx = new_ctx(0); /* no time to speak: that would be another error */
	struct buf               text;
	struct speech            speech;

	(void)state;
	for (size_t i = 0; i < COUNT(endless); i++) {
		struct err *e;

		text = buf_new(cx.arena, 0);
		while (text.len < 4800)
			buf_str(&text, endless[i]);
		e = say(&cx, buf_text(&text), 0, SPEECH_WAV, &speech);
		assert_non_null(e);
		assert_int_equal(e->kind, ERR_INPUT);
		assert_string_equal(e->field, "text");
	}
	text = buf_new(cx.arena, 0);
	while (text.len < 1200)
		buf_str(&text, "77777777777 ");
	assert_err(say(&cx, buf_text(&text), 0, SPEECH_WAV, &speech), ERR_INPUT);
	cx.deadline = deadline_in(60000);
	text = buf_new(cx.arena, 0);
	while (text.len < 4000)
		buf_str(&text, "99999999999999999999");
	assert_null(say(&cx, buf_text(&text), 0, SPEECH_WAV, &speech));
	assert_in_range(speech.audio_ms, 2000, 60000);
	arena_free(&cx.arena);
}

static void speaks_long_prose(void **state)
{
	struct ctx    cx = new_ctx(60000);
	struct buf    text = buf_new(cx.arena, 0);
	struct speech speech;

	(void)state;
	while (text.len < 1500)
		buf_str(&text, SENTENCE " ");
	assert_null(say(&cx, buf_text(&text), 0, SPEECH_WAV, &speech));
	assert_in_range(speech.audio_ms, 50000, 150000);
	arena_free(&cx.arena);
}

static struct err *say_in_parts(struct ctx *cx, const struct speech_piece *pieces, size_t n,
                                struct heard_parts *parts, struct speech *out)
{
	struct speech_order order = {
		.pieces = pieces, .n = n, .format = SPEECH_MP3, .on_part = hear_part, .data = parts};

	return flite_tts.speak(cx, &order, out);
}

/* A small part first, none too large, and all of them the file that comes at once. */
static void speaks_in_parts(void **state)
{
	static const struct speech_piece pieces[] = {{SENTENCE " " SENTENCE, 1000}, {SENTENCE, 0}};
	struct speech_order              whole = {.pieces = pieces, .n = 2, .format = SPEECH_MP3};
	struct ctx                       cx = new_ctx(60000);
	struct heard_parts               parts = heard_parts(cx.arena);
	struct speech                    speech, at_once;
	struct pcm                       pcm;

	(void)state;
	assert_null(say_in_parts(&cx, pieces, COUNT(pieces), &parts, &speech));
	assert_null(flite_tts.speak(&cx, &whole, &at_once));
	assert_true(parts.has_ended);
	assert_false(parts.is_odd);
	assert_in_range(parts.n, 6, 24);
	assert_in_range(parts.first_ms, 104, 420);
	assert_in_range(parts.longest_ms, 1000, 1500);
	assert_int_equal(parts.ms, speech.audio_ms);
	assert_int_equal(speech.audio_ms, at_once.audio_ms);
	assert_int_equal(parts.joined.len, at_once.audio.len);
	assert_null(speech.audio.ptr);
	assert_int_equal(parts.delay_samples, MP3_DELAY);
	assert_int_equal(speech.delay_samples, MP3_DELAY);
	assert_in_range(speech.padding_samples, 1, 2 * 1152);
	assert_int_equal(parts.padding_samples, speech.padding_samples);
	assert_int_equal(borrowing_frames(buf_span(&parts.joined)), 0);
	assert_null(audio_decode(&cx, buf_span(&parts.joined), AUDIO_MP3, &pcm));
	assert_in_range(pcm_ms(pcm), speech.audio_ms - 60, speech.audio_ms + 60);
	arena_free(&cx.arena);
}

static uint64_t processor_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool note_first(const struct speech_part *part, void *data)
{
	uint64_t *first_us = data;

	(void)part;
	if (!*first_us)
		*first_us = processor_us();
	return true;
}

/* By the processor's time: a sentence is heard long before all of it is made. */
static void is_heard_while_it_speaks(void **state)
{
	static const struct speech_piece piece = {
		"We can look at the numbers of the last two years together and find out what works well",
		0};
	uint64_t            first_us = 0, began_us, all_us;
	struct speech_order order = {
		.pieces = &piece, .n = 1, .format = SPEECH_MP3, .on_part = note_first, .data = &first_us};
	struct ctx    cx = new_ctx(60000);
	struct speech speech;

	(void)state;
	assert_null(say(&cx, "Yes.", 0, SPEECH_WAV, &speech)); /* the voice is loaded */
	began_us = processor_us();
	assert_null(flite_tts.speak(&cx, &order, &speech));
	all_us = processor_us() - began_us;
	assert_true((first_us - began_us) * 2 < all_us);
	arena_free(&cx.arena);
}

static void stops_when_nobody_wants_more(void **state)
{
	static const struct speech_piece pieces[] = {{SENTENCE " " SENTENCE, 0}};
	struct ctx                       cx = new_ctx(60000);
	struct heard_parts               parts = heard_parts(cx.arena);
	struct speech                    speech;

	(void)state;
	parts.wanted = 2;
	assert_int_equal(say_in_parts(&cx, pieces, 1, &parts, &speech)->kind, ERR_CANCELLED);
	assert_int_equal(parts.n, 2);
	assert_false(parts.has_ended);
	arena_free(&cx.arena);
}

/* Silence alone is no beginning: who has only that has said nothing yet. */
static void gives_silence_with_what_follows(void **state)
{
	static const struct speech_piece pieces[] = {{"", 3000}, {"東京", 0}};
	struct ctx                       cx = new_ctx(60000);
	struct heard_parts               parts = heard_parts(cx.arena);
	struct speech                    speech;

	(void)state;
	assert_int_equal(say_in_parts(&cx, pieces, 2, &parts, &speech)->kind, ERR_UPSTREAM_REJECTED);
	assert_int_equal(parts.n, 0);
	assert_null(say_in_parts(&cx, pieces, 1, &parts, &speech));
	assert_true(parts.has_ended);
	assert_in_range(parts.ms, 3000, 3100);
	arena_free(&cx.arena);
}

static void stops_when_told(void **state)
{
	struct ctx    cx = new_ctx(0);
	struct speech speech;

	(void)state;
	assert_int_equal(say(&cx, SENTENCE, 0, SPEECH_MP3, &speech)->kind, ERR_DEADLINE);
	cx.deadline = deadline_in(20000);
	cx.cancel = unit_cancelled();
	assert_int_equal(say(&cx, SENTENCE, 0, SPEECH_MP3, &speech)->kind, ERR_CANCELLED);
	arena_free(&cx.arena);
}

static void survives_odd_text(void **state)
{
	static const char *const texts[] = {
		"$1,2,3.4.5 $.5 $5m $5 million 1.2.3.4 0x1F 1e999 -0",
		"999999999999999999999999999999999999 00000000000000000000",
		"a.b.c.d.e. U.S.A. etc. Mr. Dr. St. X. i.e. e.g. 1st 2nd 3rd 44th 1.5th",
		"12:34:56 25:61 1/2/3 12/31/1999 3:5 10am 7pm 1990s 80's '90s",
		"'''''' ''' ' -- ---- .-.-.- ;;;; ????? !!!!! ::::: ,,,,, $$$$$",
		"IV XIV Henry VIII iii MCMXCIX qzxv bcdfg McDonald's O'Neil's s's",
		"555-1234 (555) 123-4567 +1-555-123-4567 $-5 5- -5 5-5",
	};
	struct ctx    cx = new_ctx(60000);
	struct speech speech;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_null(say(&cx, texts[i], 0, SPEECH_WAV, &speech));
	arena_free(&cx.arena);
}

struct speaker {
	pthread_t thread;
	double    rms;
	unsigned  ms;
};

/* Who would wait too long for the voice is refused, and asks again. */
static struct err *say_at_last(struct ctx *cx, struct speech *out)
{
	struct err *e = say(cx, SENTENCE, 0, SPEECH_WAV, out);

	while (e && e->kind == ERR_UNAVAILABLE && deadline_left_ms(cx->deadline)) {
		assert_int_equal(wait_fds(NULL, NULL, 0, deadline_in(50)), WAIT_DEADLINE);
		e = say(cx, SENTENCE, 0, SPEECH_WAV, out);
	}
	return e;
}

static void *speak_and_measure(void *data)
{
	struct speaker *speaker = data;
	struct ctx      cx = new_ctx(60000);
	struct speech   speech;
	struct pcm      pcm;

	if (!say_at_last(&cx, &speech) && !audio_decode(&cx, speech.audio, AUDIO_WAV, &pcm)) {
		speaker->rms = rms_of(pcm);
		speaker->ms = speech.audio_ms;
	}
	arena_free(&cx.arena);
	return NULL;
}

/* Not the same samples: the voice breathes with random numbers. */
static void speaks_from_several_threads(void **state)
{
	struct speaker speakers[6] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(speakers); i++)
		assert_int_equal(pthread_create(&speakers[i].thread, NULL, speak_and_measure, &speakers[i]),
		                 0);
	for (size_t i = 0; i < COUNT(speakers); i++)
		pthread_join(speakers[i].thread, NULL);
	assert_true(speakers[0].ms > 2000);
	for (size_t i = 1; i < COUNT(speakers); i++) {
		assert_int_equal(speakers[i].ms, speakers[0].ms);
		assert_true(fabs(speakers[i].rms - speakers[0].rms) < 0.01);
	}
}

#define CLAUSE "and then we went on to the next of all the many houses in that long street "

struct guest {
	pthread_t     thread;
	enum err_kind refused;
	bool          is_spoken;
};

static void *speak_in_a_crowd(void *data)
{
	struct guest *guest = data;
	struct ctx    cx = new_ctx(60000);
	struct speech speech;
	struct err   *e = say(&cx, CLAUSE CLAUSE CLAUSE CLAUSE CLAUSE, 0, SPEECH_WAV, &speech);

	guest->is_spoken = !e;
	if (e)
		guest->refused = e->kind;
	arena_free(&cx.arena);
	return NULL;
}

static void refuses_who_would_be_heard_too_late(void **state)
{
	enum { GUESTS = 200 };
	struct guest guests[GUESTS] = {0};
	unsigned     spoken = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < GUESTS; i++)
		assert_int_equal(pthread_create(&guests[i].thread, NULL, speak_in_a_crowd, &guests[i]), 0);
	for (size_t i = 0; i < GUESTS; i++) {
		pthread_join(guests[i].thread, NULL);
		spoken += guests[i].is_spoken;
		refused += guests[i].refused == ERR_UNAVAILABLE;
	}
	assert_true(spoken > 0);
	assert_true(refused > 0);
	assert_int_equal(spoken + refused, GUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_constant_mono_mp3),
		cmocka_unit_test(makes_wav),
		cmocka_unit_test(makes_pauses),
		cmocka_unit_test(refuses_what_it_can_not_say),
		cmocka_unit_test(refuses_to_spell_for_minutes),
		cmocka_unit_test(speaks_long_prose),
		cmocka_unit_test(speaks_in_parts),
		cmocka_unit_test(is_heard_while_it_speaks),
		cmocka_unit_test(stops_when_nobody_wants_more),
		cmocka_unit_test(gives_silence_with_what_follows),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(survives_odd_text),
		cmocka_unit_test(speaks_from_several_threads),
		cmocka_unit_test(refuses_who_would_be_heard_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
