/* form.h -- the few values a form or a query string brings us. */
#ifndef FORM_H
#define FORM_H

#include "../base/str.h"

/* The first value of that name in "a=b&c=d"; ptr NULL: there is none. Not percent-decoded: all
 * values we ask for are made of characters that need no encoding. JSON has none. */
struct span form_value(struct span pairs, const char *name);

#endif
