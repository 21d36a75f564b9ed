/* heard.h -- the vector of what a visitor says in a turn, made once and beside all else.
 *
 * It serves what is recalled for the turn, and the memory that the words become. */
#ifndef HEARD_H
#define HEARD_H

#include "../store/memories.h"

struct heard;

/* Starts embedding the message at once where that is done on this machine: whoever may not speak
 * here costs no service outside anything. heard_admit() starts the rest, once the turn has begun.
 * `is_said` false: it may become no message, and nothing of it is to be kept.
 * session_id and message live as long as the unit of work. */
struct heard *heard_start(struct ctx *cx, const char *session_id, const char *message,
                          bool is_said) NEVER_NULL;
void          heard_admit(struct ctx *cx, struct heard *heard);

/* Is it made on this machine? Then it also tells what the visitor means (acts.h). */
bool heard_is_here(const struct heard *heard);
bool heard_is_said(const struct heard *heard);

/* The vector, waiting for it until `until`; at NULL: it is not there. */
struct memory_vector heard_vector(struct ctx *cx, struct heard *heard, struct deadline until);

#endif
