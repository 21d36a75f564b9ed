/* voices.h -- pieces of a reply, each spoken in a task of its own. */
#ifndef VOICES_H
#define VOICES_H

#include "../../common/base/task.h"
#include "../../common/engines/feed.h"
#include "../../common/engines/speaking.h"

struct part {
	struct part       *next;
	struct speech_part part;
};

/* Sentences that are spoken together: one, but where listeners have enough to hear. */
struct piece {
	struct piece   *next;
	struct post    *post;
	struct span     text; /* with the white space before it */
	const char     *before, *after;
	struct deadline until; /* of the reply: an engine that thinks is given less */
	struct task    *task;  /* NULL: it waits for a voice, or needs none */
	uint64_t        began_at_ms;
	bool            is_thought;
	bool            in_parts;    /* somebody hears them before the end */
	bool            is_noted;    /* as sent, to its last byte */
	unsigned        seq, sent_n; /* of its parts */
	struct part    *sent;        /* the last of them */

	/* Under the post's lock, until the task is joined. */
	struct part *parts, **parts_end;
	bool         is_spoken, is_silent, is_degraded;
	struct err  *failed;
	uint64_t     spoken_at_ms;
};

/* Begins to speak the piece: parts come to it by its post, and in the end is_spoken. That it fails
 * is no error: `failed` tells. */
void piece_speak(struct ctx *cx, struct piece *p);

/* All of a reply's sound, in memory that can be kept beyond it: who does sets *memory to NULL. The
 * pieces have one kind of frames, and none needs one of another piece: joined they are one MP3. */
struct reply_sound {
	struct arena      **memory;
	const struct part **pieces; /* of each the first part, NULL: it has none */
	size_t              pieces_n;
	size_t              bytes; /* of frames; 0: there is no sound, or not of all that is said */
};

/* Bytes of frames in these and all behind them; NULL: none. */
size_t parts_bytes(const struct part *first);

/* So many bytes, joined; ptr NULL where there are none. */
struct span sound_joined(struct arena *a, const struct reply_sound *sound);

#endif
