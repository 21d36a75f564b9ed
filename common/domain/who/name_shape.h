/* name_shape.h -- does a text look like the name of a person? */
#ifndef NAME_SHAPE_H
#define NAME_SHAPE_H

#include "../../base/str.h"

/* Few words of letters, of any script, written as names are ("Dana Reyes", "J. R. R. Tolkien",
 * "Juan de la Cruz", "Мария", "王小明") and none that says something to a reader: no sentence, no
 * address, no number. Strict rather than kind: "dana" in small letters is none. The text is valid
 * UTF-8. Linear. */
bool name_is_likely(struct span text);

#endif
