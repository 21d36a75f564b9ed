/* mp3_encode.c -- LAME: one handle per call, which makes it thread-safe. */
#include "mp3_encode.h"

#include "../base/fatal.h"

#include <lame/lame.h>

/* Samples between two looks at the deadline. */
#define CHUNK 16384u
/* 144 * bit rate / sample rate, and one byte of padding in some frames. */
#define FRAME_BYTES   (144000u * MP3_KBITS / MP3_RATE + 1)
#define FRAME_SAMPLES 1152u
/* LAME's delay and the last frame, filled up. */
#define EXTRA_FRAMES 6u
/* What LAME asks to be left in the buffer on each call (lame.h: 7200 bytes on flush). */
#define LAME_ROOM 7200u
/* LAME's scale of 0 (best, slow) to 9: sounds the same on speech as the default, twice as fast. */
#define QUALITY 7

static void close_lame(void *data)
{
	lame_close(data);
}

static void say_nothing(const char *format, va_list args)
{
	(void)format, (void)args;
}

static struct err *open_lame(struct ctx *cx, unsigned rate, lame_t *out)
{
	lame_t lame = lame_init();

	if (!lame)
		fatal("out of memory: no MP3 encoder");
	arena_defer(cx->arena, close_lame, lame);
	lame_set_errorf(lame, say_nothing);
	lame_set_msgf(lame, say_nothing);
	lame_set_debugf(lame, say_nothing);
	lame_set_num_channels(lame, 1);
	lame_set_mode(lame, MONO);
	lame_set_in_samplerate(lame, (int)rate);
	lame_set_out_samplerate(lame, (int)MP3_RATE);
	lame_set_VBR(lame, vbr_off);
	lame_set_brate(lame, (int)MP3_KBITS);
	lame_set_quality(lame, QUALITY);
	lame_set_bWriteVbrTag(lame, 0);
	lame_set_write_id3tag_automatic(lame, 0);
	if (lame_init_params(lame) < 0)
		FAIL(cx, ERR_INTERNAL, "LAME refused %u Hz", rate);
	*out = lame;
	return NULL;
}

static struct err *check_time(struct ctx *cx)
{
	if (ctx_cancelled(cx))
		FAIL(cx, ERR_CANCELLED, "cancelled while encoding");
	if (deadline_left_ms(cx->deadline) == 0)
		FAIL(cx, ERR_DEADLINE, "deadline passed while encoding");
	return NULL;
}

static size_t encoded_max(size_t n, unsigned rate)
{
	size_t frames = (size_t)((uint64_t)n * MP3_RATE / rate) / FRAME_SAMPLES + EXTRA_FRAMES;

	return frames * FRAME_BYTES + LAME_ROOM + (size_t)CHUNK * 2;
}

struct err *mp3_encode(struct ctx *cx, const int16_t *samples, size_t n, unsigned rate,
                       struct speech *out)
{
	size_t         max = encoded_max(n, rate), len = 0;
	unsigned char *bytes = arena_alloc_raw(cx->arena, max);
	lame_t         lame;
	int            wrote;

	TRY(open_lame(cx, rate, &lame));
	for (size_t at = 0; at < n; at += CHUNK) {
		size_t count = n - at < CHUNK ? n - at : CHUNK;

		TRY(check_time(cx));
		wrote = lame_encode_buffer(lame, samples + at, samples + at, (int)count, bytes + len,
		                           (int)(max - len));
		if (wrote < 0)
			FAIL(cx, ERR_INTERNAL, "LAME said %d", wrote);
		len += (size_t)wrote;
	}
	wrote = lame_encode_flush(lame, bytes + len, (int)(max - len));
	if (wrote < 0)
		FAIL(cx, ERR_INTERNAL, "LAME said %d at the end", wrote);
	len += (size_t)wrote;
	out->audio = (struct span){(const char *)bytes, len};
	out->audio_ms = (unsigned)(len * 8 / MP3_KBITS);
	return NULL;
}
