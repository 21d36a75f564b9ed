/* left.h -- what is left of a reply that was cancelled or left: it may go on where it stopped.
 *
 * What was written of it, sent or not, rests sealed beside the turn for TURN_RESUME_MS
 * (store/turns.h), so any process can speak the rest. What had been spoken already and not sent
 * waits as long in the memory of the process that had the turn, and in no table. */
#ifndef LEFT_H
#define LEFT_H

#include "../../common/engines/thinking.h"
#include "../../common/store/turns.h"
#include "voices.h"

#define LEFT_AUDIO_MAX ((size_t)2 << 20) /* of a turn */

/* A piece that was not sent, with the white space before it. */
struct left_piece {
	struct span  text;
	struct part *parts; /* all of its sound; NULL: it was not spoken yet */
};

struct left {
	struct span                text; /* whole sentences */
	size_t                     sent; /* bytes of it that were, with all of their sound */
	unsigned                   seq;  /* of the next piece */
	const struct spoken_piece *ends; /* of what was sent */
	size_t                     ends_n;
	const struct left_piece   *pieces; /* of what was not, in turn; pieces_n 0: to be cut anew */
	size_t                     pieces_n;
	const char                *provider;  /* who wrote it; NULL: nobody has yet */
	bool                       lacks_end; /* more of it was to be written and said */
	bool                       is_truncated, is_degraded; /* as the whole reply would be */
	struct chat_usage          usage;                     /* zeros: not known */
};

/* Leaves it, and that its client stopped the turn is looked at there. What fails is logged. */
void left_keep(struct ctx *cx, const struct turn *turn, const struct left *left);

/* All of it, in that arena. */
struct left left_copy(struct arena *a, const struct left *left);

/* The part of the text that was sent. */
const char *left_sent(struct ctx *cx, const struct left *left) NEVER_NULL;

/* As it was left, with what this process still has of its sound. ERR_INTERNAL. */
struct err *left_read(struct ctx *cx, const struct turn *turn, struct span unsaid,
                      struct left *out) CHECKED;

#endif
