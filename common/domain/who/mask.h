/* mask.h -- texts for columns that are not sealed: without who somebody is and how to reach them.
 *
 * "[email]", "[phone]" and "[name]" take the place of addresses and numbers (contact.h) and of the
 * names that are known (names.h; NULL: none). Linear in the text. */
#ifndef MASK_H
#define MASK_H

#include "names.h"

#define MASK_NAME "[name]"

/* The text itself, the same pointer, when there is nothing to mask. */
struct span mask_text(struct ctx *cx, struct span text, const struct names *names);

/* The same of a NUL-terminated text; NULL of NULL. */
const char *mask_str(struct ctx *cx, const char *text, const struct names *names);

/* Of the strings, member names and numbers of a JSON text. They are looked at together, so a
 * number called "phone" is one and an address may be in two parts; all else stays as written. */
struct span mask_json(struct ctx *cx, struct span json, const struct names *names);

#endif
