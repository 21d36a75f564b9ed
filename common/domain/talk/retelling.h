/* retelling.h -- what the built-in responder tells of what it was told. For responder.c only. */
#ifndef RETELLING_H
#define RETELLING_H

#include "listening.h"

/* What the question asks for of what somebody told of themselves; NULL: nothing is known. */
const char *retelling(const struct talk *t);

/* The same, or that nothing is known. All of it only where all is asked for, "what have I told
 * you"; of one thing it is not there. */
const char *retelling_or_not(const struct talk *t) NEVER_NULL;

#endif
