/* names.h -- names known to be a visitor's: finding their words in a text.
 *
 * Whole words in any writing (base/unicode.h), and of spelled names ("r e y e s") are found,
 * possessives too; in scripts without spaces, parts of words. What is an ordinary word as well
 * ("will", "rose") counts where a name stands: with a capital where that says something, behind
 * "I'm" or "Mr", beside another part of a name, alone. Particles and initials ("de", "J.") count
 * only beside another part. Linear in the text. */
#ifndef NAMES_H
#define NAMES_H

#include "../../base/ctx.h"

enum { NAMES_MAX = 16, NAME_BYTES_MAX = 400 };

/* In the order of their letters, so that equal sets look the same. */
struct names {
	const char *at[NAMES_MAX];
	size_t      n;
};

/* Adds one; false when it is there already, is no name (nothing with two letters), or there are
 * NAMES_MAX. The text must live as long as the set. */
bool names_add(struct ctx *cx, struct names *names, const char *name);

/* As names are compared: no capitals, no accents. */
const char *names_fold(struct ctx *cx, const char *name) NEVER_NULL;

/* All of them in one text, in order, neighbouring parts as one; *out is valid when the result is
 * not 0. */
size_t names_find(struct ctx *cx, struct span text, const struct names *names,
                  const struct span **out) CHECKED;

#endif
