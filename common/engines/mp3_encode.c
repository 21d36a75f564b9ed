/* mp3_encode.c -- LAME: one handle per file, which makes it thread-safe. */
#include "mp3_encode.h"

#include "../base/fatal.h"
#include "../domain/voice/mp3.h"

#include <assert.h>
#include <lame/lame.h>

/* MP3_SAMPLES_MAX make no more, from 8 kHz on. */
#define BYTES_MAX 32768u
/* LAME's scale of 0 (best, slow) to 9: sounds the same on speech as the default, twice as fast. */
#define QUALITY 7

#define LAME_DELAY    576
#define DECODER_DELAY 529

struct mp3_encoder {
	lame_t        lame;
	unsigned char bytes[BYTES_MAX];
};

static void close_lame(void *data)
{
	lame_close(data);
}

static void say_nothing(const char *format, va_list args)
{
	(void)format, (void)args;
}

static lame_t new_lame(struct ctx *cx)
{
	lame_t lame = lame_init();

	if (!lame)
		fatal("out of memory: no MP3 encoder");
	arena_defer(cx->arena, close_lame, lame);
	lame_set_errorf(lame, say_nothing);
	lame_set_msgf(lame, say_nothing);
	lame_set_debugf(lame, say_nothing);
	return lame;
}

struct err *mp3_encoder_open(struct ctx *cx, unsigned rate, struct mp3_encoder **out)
{
	const struct mp3_kind kind = mp3_default();
	lame_t                lame = new_lame(cx);

	lame_set_num_channels(lame, 1);
	lame_set_mode(lame, MONO);
	lame_set_in_samplerate(lame, (int)rate);
	lame_set_out_samplerate(lame, (int)kind.rate);
	lame_set_VBR(lame, vbr_off);
	lame_set_brate(lame, (int)kind.kbps);
	lame_set_disable_reservoir(lame, 1);
	lame_set_quality(lame, QUALITY);
	lame_set_bWriteVbrTag(lame, 0);
	lame_set_write_id3tag_automatic(lame, 0);
	if (lame_init_params(lame) < 0)
		FAIL(cx, ERR_INTERNAL, "LAME refused %u Hz", rate);
	assert(lame_get_encoder_delay(lame) == LAME_DELAY);
	_Static_assert(MP3_DELAY == LAME_DELAY + DECODER_DELAY, "what players leave out");
	*out = arena_alloc_raw(cx->arena, sizeof(**out));
	(*out)->lame = lame;
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

static struct err *take(struct ctx *cx, const struct mp3_encoder *encoder, int wrote,
                        struct buf *out)
{
	if (wrote < 0)
		FAIL(cx, ERR_INTERNAL, "LAME said %d", wrote);
	buf_add(out, (const char *)encoder->bytes, (size_t)wrote);
	return NULL;
}

struct err *mp3_encode(struct ctx *cx, struct mp3_encoder *encoder, const int16_t *samples,
                       size_t n, struct buf *out)
{
	assert(n <= MP3_SAMPLES_MAX);
	TRY(check_time(cx));
	return take(cx, encoder,
	            lame_encode_buffer(encoder->lame, samples, samples, (int)n, encoder->bytes,
	                               BYTES_MAX),
	            out);
}

struct err *mp3_encode_end(struct ctx *cx, struct mp3_encoder *encoder, struct buf *out,
                           unsigned *padding_out)
{
	int padding;

	TRY(take(cx, encoder, lame_encode_flush(encoder->lame, encoder->bytes, BYTES_MAX), out));
	padding = lame_get_encoder_padding(encoder->lame) - DECODER_DELAY;
	*padding_out = padding > 0 ? (unsigned)padding : 0;
	return NULL;
}
