/* turn_count.h -- what metrics tell of turns. */
#ifndef TURN_COUNT_H
#define TURN_COUNT_H

#include "answer.h"

/* A turn of ours is over: how it ended (e: NULL, it was answered), what its time went to, and what
 * of it worked less well. Once. */
void count_turn(const struct answer *a, const struct err *e);

#endif
