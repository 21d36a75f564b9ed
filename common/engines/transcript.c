/* transcript.c -- decode, charge, hear, judge. */
#include "transcript.h"

#include "../base/base64.h"
#include "../domain/voice/speech_evidence.h"
#include "../domain/voice/spoken_language.h"
#include "decoders.h"
#include "hearing.h"
#include "hearing_budget.h"

#include <math.h>

#define FIELD         "audio_base64"
#define SPEECH_MS_MIN 200u /* in less nobody says a word; recognisers write one */

/* "data:audio/wav;base64," in front is tolerated; its label is not believed. */
static struct span without_data_url(struct span text)
{
	const char *comma = memchr(text.ptr, ',', text.len);

	if (!comma || !span_starts_nocase(text, SPAN("data:")))
		return text;
	return (struct span){comma + 1, text.len - (size_t)(comma + 1 - text.ptr)};
}

struct err *recording_decode(struct ctx *cx, const char *base64, struct span *out)
{
	struct span text = span_trim(without_data_url(span_of(base64)));
	char       *bytes, *plain;
	size_t      len;

	if ((int64_t)text.len > RECORDING_BASE64_MAX)
		return err_field(cx, ERR_TOO_LARGE, FIELD, WHERE, "is longer than %lld characters",
		                 (long long)RECORDING_BASE64_MAX);
	bytes = arena_alloc_raw(cx->arena, BASE64_DECODED_MAX(text.len));
	*out = (struct span){bytes, 0};
	if (base64_decode(text, bytes, &out->len))
		return NULL;
	plain = arena_alloc_raw(cx->arena, text.len);
	len = base64_plain(text, plain);
	if (!base64_decode((struct span){plain, len}, bytes, &out->len))
		return err_field(cx, ERR_AUDIO, FIELD, WHERE, "is not base64");
	return NULL;
}

struct err *recording_language_check(struct ctx *cx, const char *language)
{
	if (!spoken_language_may_be(language))
		FAIL_FIELD(cx, "language",
		           "is a code (en, pt-BR), the English name of a known language, or auto");
	return NULL;
}

/* One that breaks its decoder, or that nobody waits for any more, is not to be had for nothing. */
static struct err *find_sound(struct ctx *cx, const struct transcript_order *order,
                              struct recording *out)
{
	struct err *e;

	*out = (struct recording){.bytes = order->bytes,
	                          .format = audio_sniff(order->bytes),
	                          .language = spoken_language_code(order->language),
	                          .model = order->model};
	if (order->bytes.len > RECORDING_BYTES_MAX)
		return err_field(cx, ERR_TOO_LARGE, FIELD, WHERE, "has more than %zu bytes",
		                 RECORDING_BYTES_MAX);
	e = decoders_decode(cx, out->bytes, out->format, &out->pcm);
	if (e)
		hearing_budget_lose(cx);
	return e;
}

static struct err *hear_words(struct ctx *cx, const struct recording *recording,
                              struct transcript *out)
{
	struct sound        sound = sound_measure(cx->arena, recording->pcm);
	struct chain_result served;
	struct verdict      verdict;
	struct heard        heard;

	*out = (struct transcript){.text = "", .audio_ms = pcm_ms(recording->pcm)};
	if (out->audio_ms < SPEECH_MS_MIN || !sound_may_be_speech(&sound))
		return NULL;
	TRY(hear(cx, recording, &heard, &served));
	verdict = speech_judge(cx->arena, &sound, heard.segments, heard.n);
	out->text = verdict.text;
	out->confidence = fmin(fmax(verdict.confidence, 0), 1);
	out->model = heard.model;
	out->language = heard.language;
	out->provider = served.served->name;
	out->is_degraded = served.fell_back;
	return NULL;
}

struct err *transcript_of(struct ctx *cx, const struct transcript_order *order,
                          struct transcript *out)
{
	struct recording recording;

	TRY(find_sound(cx, order, &recording));
	TRY(hearing_budget_take(cx, pcm_ms(recording.pcm)));
	return hear_words(cx, &recording, out);
}
