/* following.h -- questions of a few words that go on about what was answered last. */
#ifndef FOLLOWING_H
#define FOLLOWING_H

#include "listening.h"

/* The message names nothing of its own: "And for how long?"; that it asks is for the caller to
 * know. */
bool following_goes_on(const struct talk *t);

/* The answer to one: the last one in other words. */
const char *following(const struct talk *t) NEVER_NULL;

#endif
