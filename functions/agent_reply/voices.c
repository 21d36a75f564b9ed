/* voices.c -- one task for each piece. */
#include "voices.h"

#include "../../common/base/stages.h"

#define SPEAK_MS 15000u /* then the text alone is the answer */
#define LEAD_MS  1000u  /* of the request's time, kept back from the voice */

static bool take_part(const struct speech_part *part, void *data)
{
	struct piece *p = data;
	struct part  *added;

	monitor_lock(&p->post->aside.monitor);
	added = NEW(p->post->memory, struct part);
	added->part = *part;
	added->part.frames.ptr = arena_strndup(p->post->memory, part->frames.ptr, part->frames.len);
	*p->parts_end = added;
	p->parts_end = &added->next;
	aside_ring(&p->post->aside);
	monitor_unlock(&p->post->aside.monitor);
	return true;
}

/* In parts only where somebody hears them before the end: an engine that fails in the middle of a
 * piece nobody has heard is followed by another. */
static struct err *speak_words(struct ctx *cx, struct piece *p, const struct spoken *words,
                               struct speech *speech, struct chain_result *served)
{
	TRY(speak(cx,
	          &(struct speech_order){.pieces = words->pieces,
	                                 .n = words->pieces_n,
	                                 .format = SPEECH_MP3,
	                                 .before = p->before,
	                                 .after = p->after,
	                                 .on_part = p->in_parts ? take_part : NULL,
	                                 .data = p},
	          speech, served));
	if (speech->audio.len)
		take_part(&(struct speech_part){.frames = speech->audio,
		                                .ms = speech->audio_ms,
		                                .audible_ms = speech->audible_ms,
		                                .is_last = true,
		                                .delay_samples = speech->delay_samples,
		                                .padding_samples = speech->padding_samples},
		          p);
	return NULL;
}

/* Text that is there is not lost to a voice that is slow, silent or busy with others. */
static struct err *speak_piece(struct ctx *cx, void *data)
{
	struct piece       *p = data;
	struct chain_result served = {.fell_back = false};
	struct speech       speech = {.audio_ms = 0};
	unsigned            left_ms = deadline_left_ms(p->until);
	struct spoken       words;
	struct err         *e = NULL;

	left_ms = left_ms > LEAD_MS ? left_ms - LEAD_MS : 0;
	cx->deadline = deadline_in(left_ms < SPEAK_MS ? left_ms : SPEAK_MS);
	spoken_text_clean(cx->arena, p->text, &words);
	if (words.is_speakable)
		e = speak_words(cx, p, &words, &speech, &served);
	STAGE(cx, "voice", p->began_at_ms,
	      STAGE_TEXT("provider", served.served ? served.served->name : "none"),
	      STAGE_INT("bytes", p->text.len), STAGE_INT("audio_ms", speech.audio_ms));
	monitor_lock(&p->post->aside.monitor);
	p->failed = e;
	p->is_silent = !words.is_speakable;
	p->is_degraded = e || served.fell_back || speech.is_truncated;
	p->spoken_at_ms = clock_mono_ms();
	p->is_spoken = true;
	aside_ring(&p->post->aside);
	monitor_unlock(&p->post->aside.monitor);
	return NULL;
}

size_t parts_bytes(const struct part *first)
{
	size_t bytes = 0;

	for (const struct part *p = first; p; p = p->next)
		bytes += p->part.frames.len;
	return bytes;
}

struct span sound_joined(struct arena *a, const struct reply_sound *sound)
{
	char  *all = sound->bytes ? arena_alloc_raw(a, sound->bytes) : NULL;
	size_t at = 0;

	for (size_t i = 0; all && i < sound->pieces_n; i++)
		for (const struct part *p = sound->pieces[i]; p; p = p->next) {
			memcpy(all + at, p->part.frames.ptr, p->part.frames.len);
			at += p->part.frames.len;
		}
	return (struct span){all, sound->bytes};
}

void piece_speak(struct ctx *cx, struct piece *p)
{
	p->began_at_ms = clock_mono_ms();
	p->task = task_start(cx, speak_piece, p);
}
