/* heard_part.h -- how much of what was spoken has been heard when the listener cuts it off. */
#ifndef HEARD_PART_H
#define HEARD_PART_H

#include "../../base/base.h"

#define SPOKEN_PIECES_MAX 256

/* A piece of a spoken text: where it ends, in bytes of the text and milliseconds of the sound that
 * is heard, without what players leave out of it (speaking.h). */
struct spoken_piece {
	unsigned bytes, ms;
};

/* The part of the text heard in so many milliseconds: the pieces that were over by then, and of the
 * one that was not the words whose time had come, as if all its letters took the same time. Where a
 * piece has no sound it is heard with the one before. Without pieces: nothing. No white space at
 * its end. */
struct span heard_part(struct span text, const struct spoken_piece *pieces, size_t n,
                       unsigned heard_ms);

#endif
