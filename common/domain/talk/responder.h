/* responder.h -- answers without a model, a key or a network.
 *
 * Modest: it takes up what the visitor surely told about themselves (name, organisation, role,
 * amount, time, address; as lead/rule_extract.h reads them, in their own words), answers what
 * somebody does (act.h) with a line for that, and asks for what is missing, each thing once and
 * nothing more after "stop asking". It cuts no topic out of a sentence, claims no knowledge of the
 * world, promises nothing, follows no orders and says what it is when asked.
 *
 * The same messages always give the same reply; no line comes again within ten replies while there
 * is another. */
#ifndef RESPONDER_H
#define RESPONDER_H

#include "chat.h"
#include "mode.h"
#include "reading.h"

/* The reply to the last message: one or two sentences, three when the system message
 * (prompt_build's, or any other) is for a performer, and the line for who is in danger as it is.
 * Never empty. */
const char *responder_reply(struct ctx *cx, const struct chat_message *messages, size_t n,
                            enum mode mode, const struct reading *reading) NEVER_NULL;

#endif
