/* resume.h -- a reply that was interrupted by mistake goes on. */
#ifndef RESUME_H
#define RESUME_H

#include "answer.h"
#include "left.h"

/* Takes the turn over that {resume, turn_id} names, once who had it has left what is unsaid. Its
 * message is in->user_message then. Errors as turn_resume. */
struct err *resume_take(struct ctx *cx, struct in *in, struct turn *turn, struct left *out) CHECKED;

#endif
