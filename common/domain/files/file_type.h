/* file_type.h -- what a file is, told from its first bytes by a table of our own.
 *
 * libmagic knows a thousand kinds and interprets rules over a stranger's bytes, in a process that
 * has secrets; a dozen marks at fixed places are enough to tell what a browser may show. What the
 * sender says of it counts where the bytes do not speak against it. */
#ifndef FILE_TYPE_H
#define FILE_TYPE_H

#include "../../base/base.h"

#define FILE_TYPE_MAX 100u /* characters of a declared type that are looked at */

/* A type without parameters, "text/plain"; text is "...; charset=utf-8". A literal, or declared's
 * own text in `to`, of FILE_TYPE_MAX + 30 bytes. */
const char *file_type_of(struct span bytes, struct span declared, char *to) NEVER_NULL;

/* May a browser show it where it is opened? Sounds, pictures and plain text; what can hold a script
 * is saved to a file instead. */
bool file_type_is_shown(struct span type);

#endif
