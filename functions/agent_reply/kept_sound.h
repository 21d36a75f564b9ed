/* kept_sound.h -- how a reply sounds, for who asks for it once more.
 *
 * The answer itself rests sealed beside its turn for TURN_JOIN_MS and the age of who asks
 * (store/turns.h), silent: some hundred kilobytes of sound there, for the few that are asked for
 * twice, were a fifth of what a turn cost. They stay as long in the memory of the process that made
 * them; elsewhere, and where the shelf is full, the words are spoken anew. */
#ifndef KEPT_SOUND_H
#define KEPT_SOUND_H

#include "../../common/store/turns.h"
#include "voices.h"

/* Its memory with it, of which nothing is used any more. False: there is no sound. */
bool kept_sound_put(struct ctx *cx, const struct turn *turn, const struct reply_sound *sound);

/* Nobody is to find it: the memory is the unit of work's again. False: it is gone. */
bool kept_sound_take_back(struct ctx *cx, const struct turn *turn) CHECKED;

/* As one MP3. False: there is none here. */
bool kept_sound_find(struct ctx *cx, const struct turn *turn, struct span *out) CHECKED;

#endif
