/* name_parts.h -- the words of known names, in the writings they come in: a part of names.c. */
#ifndef NAME_PARTS_H
#define NAME_PARTS_H

#include "../../base/unicode.h"
#include "names.h"

enum { NAME_PART_BYTES = 96 }; /* folded; what is longer is no part */

enum name_kind {
	NAME_SURE,
	NAME_WORD, /* an ordinary word too, or a guess */
	NAME_WEAK  /* particles, titles, initials */
};

struct name_part {
	const char         *low; /* folded, without apostrophes */
	size_t              len;
	enum unicode_script script;
	size_t              letters;
	enum name_kind      kind;
};

struct name_parts {
	struct name_part *at;
	size_t            n, cap;
	bool              begins[256]; /* a part begins with this byte */
};

/* All words of the names, and what else they may be written as. */
struct name_parts *name_parts_of(struct ctx *cx, const struct names *names) NEVER_NULL;

/* As parts are compared; its bytes, 0: too long. */
size_t name_fold(struct span word, char out[NAME_PART_BYTES]);

#endif
