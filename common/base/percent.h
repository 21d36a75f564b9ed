/* percent.h -- percent-encoding, RFC 3986, section 2.1. */
#ifndef PERCENT_H
#define PERCENT_H

#include "base.h"

/* Decodes n bytes where they stand and returns how many they are then. A "%" without two digits
 * behind it stands for itself. */
size_t percent_decode(char *text, size_t n);

#endif
