/* idn.h -- names of hosts in other letters than ASCII, as the network writes them. */
#ifndef IDN_H
#define IDN_H

#include "../../base/ctx.h"

/* The domain in lower case, each label beyond ASCII as "xn--" and Punycode (RFC 3492, 5891): what
 * letters and digits of any script become. NULL: it has another character, or is too long. */
const char *idn_to_ascii(struct ctx *cx, struct span domain);

#endif
