/* heard.h -- the vector of what a visitor says in a turn, made once and beside all else.
 *
 * It serves what is recalled for the turn, and the memory that the words become. */
#ifndef HEARD_H
#define HEARD_H

#include "../base/crypto.h"
#include "../store/memories.h"

struct heard;

/* Starts embedding the message at once where that is done on this machine: whoever may not speak
 * here costs no service outside anything. heard_admit() starts the rest, once the turn has begun,
 * unless the same text has its vector already: then `kept` is that, as turn_begin() has found it by
 * what heard_asked() tells, or its ptr is NULL. The message lives as long as the unit of work. */
struct heard *heard_start(struct ctx *cx, const char *message) NEVER_NULL;
void          heard_admit(struct ctx *cx, struct heard *heard, struct span kept);

/* The model whose vector may be kept, and the hash of the text; NULL: none is to be looked for. */
const char *heard_asked(const struct heard *heard, const struct hash **hash_out);

/* Is it made on this machine? Then it also tells what the visitor means (acts.h). */
bool heard_is_here(const struct heard *heard);

/* The vector, waiting for it until `until`; at NULL: it is not there. */
struct memory_vector heard_vector(struct ctx *cx, struct heard *heard, struct deadline until);

#endif
