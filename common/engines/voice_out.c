/* voice_out.c -- parts of a speech as they become ready.
 *
 * A part is as long as all before it were together: who plays them has then always as much left as
 * the next one lasts, so a voice that is no slower than what it says is heard without a gap, in few
 * parts. The last frame is kept back, so that the last part is never empty. */
#include "voice_out.h"

#include "../base/fatal.h"
#include "../domain/voice/wav.h"
#include "mp3_encode.h"

#define FIRST_FRAMES 4u  /* 104 ms */
#define MOST_FRAMES  40u /* about a second */
#define BYTES_MAX    ((size_t)24 << 20)

struct voice_out {
	struct ctx                *cx;
	const struct speech_order *order;
	unsigned                   rate; /* of samples; 0: MP3 comes */
	struct mp3_encoder        *encoder;
	struct mp3_reader          encoded; /* what it makes */
	struct buf                 bytes;   /* of it, at the moment */
	struct buf                 frames;  /* not handed over; all of them where nobody takes parts */
	struct mp3_kind            kind;    /* of these, and how many there were */
	uint64_t                   sent_n;  /* frames */
	unsigned                   sent_audible_ms;
	bool                       has_sound;
	/* WAV. malloc'd: it grows. */
	int16_t *samples;
	size_t   n, cap;
};

static void free_samples(void *data)
{
	struct voice_out *v = data;

	free(v->samples);
	v->samples = NULL;
}

struct err *voice_out_open(struct ctx *cx, const struct speech_order *order, unsigned rate,
                           struct voice_out **out)
{
	struct voice_out *v = NEW(cx->arena, struct voice_out);

	v->cx = cx;
	v->order = order;
	v->rate = rate;
	v->kind = v->encoded.kind = mp3_default();
	v->frames = buf_new(cx->arena, BYTES_MAX);
	v->bytes = buf_new(cx->arena, BYTES_MAX);
	if (order->format == SPEECH_WAV)
		arena_defer(cx->arena, free_samples, v);
	else if (rate)
		TRY(mp3_encoder_open(cx, rate, &v->encoder));
	*out = v;
	return NULL;
}

/* ---- parts ---- */

static uint64_t ready_n(const struct voice_out *v)
{
	return v->kind.samples_n / v->kind.frame_samples - v->sent_n;
}

static unsigned ms_of(const struct voice_out *v, uint64_t frames)
{
	return (unsigned)(frames * v->kind.frame_samples * 1000 / v->kind.rate);
}

/* What is heard of the first so many frames: who counts samples counts no less. */
static unsigned audible_ms_of(const struct voice_out *v, uint64_t frames, unsigned padding)
{
	uint64_t samples = frames * v->kind.frame_samples, silent = (uint64_t)MP3_DELAY + padding;

	return samples > silent ? (unsigned)((samples - silent) * 1000 / v->kind.rate) : 0;
}

static struct err *hand_over(struct voice_out *v, uint64_t n, bool is_last, unsigned padding)
{
	unsigned           audible_ms = audible_ms_of(v, v->sent_n + n, padding);
	unsigned           before_ms = v->sent_audible_ms;
	struct speech_part part = {.is_last = is_last,
	                           .ms = ms_of(v, v->sent_n + n) - ms_of(v, v->sent_n),
	                           .audible_ms = audible_ms > before_ms ? audible_ms - before_ms : 0,
	                           .delay_samples = v->sent_n ? 0 : MP3_DELAY,
	                           .padding_samples = padding};

	part.frames = (struct span){v->frames.ptr, mp3_frames_bytes(buf_span(&v->frames), n)};
	if (!v->order->on_part(&part, v->order->data))
		FAIL(v->cx, ERR_CANCELLED, "nobody wants more of it");
	v->frames.len -= part.frames.len;
	memmove(v->frames.ptr, v->frames.ptr + part.frames.len, v->frames.len);
	v->sent_n += n;
	v->sent_audible_ms += part.audible_ms;
	return NULL;
}

static uint64_t wanted_n(const struct voice_out *v)
{
	uint64_t wanted = v->sent_n < MOST_FRAMES ? v->sent_n : MOST_FRAMES;

	return wanted < FIRST_FRAMES ? FIRST_FRAMES : wanted;
}

static struct err *hand_over_if_due(struct voice_out *v)
{
	if (!v->order->on_part || !v->has_sound || ready_n(v) <= wanted_n(v))
		return NULL;
	return hand_over(v, ready_n(v) - 1, false, 0);
}

/* A frame's worth less than what is missing: there may be half of one already. */
size_t voice_out_wanted(const struct voice_out *v)
{
	uint64_t bytes_per_s = v->rate ? (uint64_t)v->rate * 2 : (uint64_t)v->kind.kbps * 125;
	uint64_t wanted = wanted_n(v), missing = ready_n(v) < wanted ? wanted - ready_n(v) : 0;

	if (!v->order->on_part)
		return SIZE_MAX;
	return missing * bytes_per_s * v->kind.frame_samples / v->kind.rate + 1;
}

/* ---- what comes in ---- */

static struct err *count(struct voice_out *v, uint64_t samples_n)
{
	v->kind.samples_n += samples_n;
	if (mp3_ms(&v->kind) > VOICE_SECONDS_MAX * 1000)
		FAIL(v->cx, ERR_UPSTREAM_REJECTED, "more than %u s to speak", VOICE_SECONDS_MAX);
	return NULL;
}

static struct err *read_frames(struct voice_out *v, struct mp3_reader *r, struct span bytes,
                               bool is_end)
{
	uint64_t before = r->kind.samples_n;
	bool     is_good = mp3_read(r, bytes, &v->frames) && (!is_end || mp3_read_end(r, &v->frames));

	if (r->odd.rate)
		FAIL(v->cx, ERR_UPSTREAM, "MP3 of %u Hz, %u kbit/s, %u channels", r->odd.rate, r->odd.kbps,
		     r->odd.channels);
	if (!is_good)
		FAIL(v->cx, ERR_UPSTREAM, "this is not MP3, or too much");
	return count(v, r->kind.samples_n - before);
}

struct err *voice_out_mp3(struct voice_out *v, struct mp3_reader *r, struct span bytes, bool is_end)
{
	if (!r->kind.rate)
		r->kind = mp3_default();
	TRY(read_frames(v, r, bytes, is_end));
	v->has_sound |= r->frames_n > 0;
	return hand_over_if_due(v);
}

static struct err *keep(struct voice_out *v, const int16_t *samples, size_t n)
{
	size_t cap = v->cap ? v->cap : (size_t)v->rate * 4;

	if (v->n + n > (size_t)v->rate * VOICE_SECONDS_MAX)
		FAIL(v->cx, ERR_UPSTREAM_REJECTED, "more than %u s to speak", VOICE_SECONDS_MAX);
	while (cap < v->n + n)
		cap *= 2;
	if (cap > v->cap)
		v->samples = realloc(v->samples, cap * sizeof(*v->samples));
	if (!v->samples)
		fatal("out of memory: %zu samples wanted", cap);
	v->cap = cap;
	if (n)
		memcpy(v->samples + v->n, samples, n * sizeof(*samples));
	v->n += n;
	return NULL;
}

/* What the encoder wrote. */
static struct err *read_encoded(struct voice_out *v, bool is_end)
{
	struct span bytes = buf_span(&v->bytes);

	v->bytes.len = 0;
	return read_frames(v, &v->encoded, bytes, is_end);
}

static struct err *add_samples(struct voice_out *v, const int16_t *samples, size_t n)
{
	if (!v->encoder)
		return keep(v, samples, n);
	for (size_t at = 0; at < n; at += MP3_SAMPLES_MAX) {
		size_t some = n - at < MP3_SAMPLES_MAX ? n - at : MP3_SAMPLES_MAX;

		TRY(mp3_encode(v->cx, v->encoder, samples + at, some, &v->bytes));
		TRY(read_encoded(v, false));
		TRY(hand_over_if_due(v));
	}
	return NULL;
}

struct err *voice_out_samples(struct voice_out *v, const int16_t *samples, size_t n)
{
	v->has_sound |= n > 0;
	return add_samples(v, samples, n);
}

struct err *voice_out_silence(struct voice_out *v, unsigned ms)
{
	static const int16_t nothing[MP3_SAMPLES_MAX];
	struct mp3_kind      made = mp3_default();

	if (ms > SPEECH_PAUSE_MAX_MS)
		ms = SPEECH_PAUSE_MAX_MS;
	if (!v->rate) {
		mp3_append_silence(&v->frames, &made, ms);
		TRY(count(v, made.samples_n));
		return hand_over_if_due(v);
	}
	for (size_t n = (size_t)v->rate * ms / 1000, some; n > 0; n -= some) {
		some = n < COUNT(nothing) ? n : COUNT(nothing);
		TRY(add_samples(v, nothing, some));
	}
	return NULL;
}

/* ---- the end ---- */

static struct err *end_wav(struct voice_out *v, struct speech *out)
{
	*out = (struct speech){.audio = wav_file(v->cx->arena, v->samples, v->n, v->rate),
	                       .audio_ms = (unsigned)(v->n * 1000 / v->rate)};
	out->audible_ms = out->audio_ms;
	return NULL;
}

static struct err *end_mp3(struct voice_out *v, struct speech *out)
{
	*out = (struct speech){.delay_samples = MP3_DELAY};
	if (v->encoder) {
		TRY(mp3_encode_end(v->cx, v->encoder, &v->bytes, &out->padding_samples));
		TRY(read_encoded(v, true));
	}
	out->audio_ms = mp3_ms(&v->kind);
	out->audible_ms = audible_ms_of(v, ready_n(v) + v->sent_n, out->padding_samples);
	if (!v->order->on_part)
		out->audio = buf_span(&v->frames);
	else if (ready_n(v))
		return hand_over(v, ready_n(v), true, out->padding_samples);
	return NULL;
}

struct err *voice_out_end(struct voice_out *v, struct err *failed, struct speech *out)
{
	if (failed && (!v->sent_n || failed->kind == ERR_CANCELLED))
		return failed;
	if (v->order->format == SPEECH_WAV)
		return end_wav(v, out);
	TRY(end_mp3(v, out));
	if (failed)
		failed->is_late = true;
	return failed;
}
