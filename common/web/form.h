/* form.h -- the few values a form or a query string brings us. */
#ifndef FORM_H
#define FORM_H

#include "../base/ctx.h"
#include "../base/str.h"

/* The first value of that name in "a=b&c=d"; ptr NULL: there is none. Not percent-decoded. JSON has
 * none. */
struct span form_value(struct span pairs, const char *name);

/* The same, decoded ("%41", "+" for a blank), NUL-terminated and wiped when the work ends. NULL
 * where there is none, or what it decodes to is no clean text (UTF-8 without U+0000). */
const char *form_text(struct ctx *cx, struct span pairs, const char *name);

#endif
