/* wording.h -- the built-in responder's lines, chosen and filled in. For responder.c only. */
#ifndef WORDING_H
#define WORDING_H

#include "listening.h"

/* "Dana" of "Dana Reyes": how one is addressed; NULL: not known. */
const char *wording_first_name(const struct talk *t);

/* The value, or NULL where it is not for the ear. */
const char *wording_quotable(const char *value);

/* How many replies ago the sentence was said; REPLIES_KEPT: not within these. */
size_t wording_said_ago(const struct talk *t, const char *sentence);

/* The line that was not said for longest, filled in; "" when none can be. */
const char *wording_pick(const struct talk *t, const char *const *lines, size_t n) NEVER_NULL;

/* The same of those for an act or an occasion. */
const char *wording_say(const struct talk *t, int occasion) NEVER_NULL;

#endif
