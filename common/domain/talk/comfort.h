/* comfort.h -- what is said to somebody in distress. For responder.c only. */
#ifndef COMFORT_H
#define COMFORT_H

#include "listening.h"

/* One sentence: no list of questions, nothing to sell. */
const char *comfort(const struct talk *t) NEVER_NULL;

#endif
