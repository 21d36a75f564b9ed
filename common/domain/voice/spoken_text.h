/* spoken_text.h -- what of a text is spoken.
 *
 * Model output leaks tool calls, markdown and markers; none of it is for the
 * ear. One linear walk takes them out. All text is valid UTF-8. */
#ifndef SPOKEN_TEXT_H
#define SPOKEN_TEXT_H

#include "../../base/arena.h"

#define SPOKEN_TEXT_MAX     5000 /* code points a caller may ask to speak */
#define SPEECH_PIECES_MAX   64
#define SPEECH_PAUSE_MAX_MS 3000u

/* What is spoken: runs of words with silence after each. */
struct speech_piece {
	const char *text;     /* "" for silence only */
	unsigned    pause_ms; /* silence behind it */
};

struct spoken {
	const char                *text; /* all that is spoken, no markers; "" when nothing is */
	const char *const         *debug_commands; /* leaked tool text, in order */
	size_t                     debug_commands_n;
	const struct speech_piece *pieces; /* the same text with its pauses */
	size_t                     pieces_n;
	bool                       is_speakable; /* there is a word in it */
};

/* Takes out reasoning and tokens (model_text.h), tool text (to debug_commands), pauses (silence,
 * each at most 3 s; those past SPEECH_PIECES_MAX pieces are dropped), stage directions (aside.h),
 * citations, tags and markdown (markup.h), zero-width characters and pictures; entities become
 * their characters, white space collapses. The result lives in the arena. */
void spoken_text_clean(struct arena *a, struct span text, struct spoken *out);

/* A model's output as the `text` of an answer: cleaned like above, without a
 * speaker's label or quotes around it, at most `sentences_max` sentences and
 * `bytes_max` bytes. "" when nothing speakable is left: ask another engine. */
const char *spoken_reply(struct arena *a, struct span model_text, size_t sentences_max,
                         size_t bytes_max) NEVER_NULL;

/* Of a cleaned text that still arrives, what stands behind a speaker's label. False while it may
 * become one, or quotes stand around what is here. */
bool spoken_reply_begins(struct span clean, struct span *out);

#endif
