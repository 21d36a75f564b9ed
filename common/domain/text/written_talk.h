/* written_talk.h -- a conversation written down, with "User:" or "Agent:" before what each said. */
#ifndef WRITTEN_TALK_H
#define WRITTEN_TALK_H

#include "../../base/ctx.h"
#include "utterance.h"

/* The newest `max` utterances of it, in order; returns how many. Lines before the first name are
 * the visitor's; one without a name goes on with what was said before. Names of either:
 * user, visitor, human; agent, assistant, ai. */
size_t written_talk_read(struct ctx *cx, struct span text, struct utterance_text *out, size_t max);

#endif
