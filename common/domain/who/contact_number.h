/* contact_number.h -- telephone numbers among digits and digit words: a part of contact.c. */
#ifndef CONTACT_NUMBER_H
#define CONTACT_NUMBER_H

#include "contact.h"
#include "../text/tokens.h"

/* Reads the run of digits at word i: one past its last word, i when there is none. *out has a
 * value when it is a telephone number, or might be one; its text begins at `done` or later. */
size_t contact_number_at(struct ctx *cx, const struct utterance *u, size_t i, const char *done,
                         struct contact *out);

#endif
