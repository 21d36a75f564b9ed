/* openai_reply.h -- chat answers in OpenAI's protocol: streams, whole ones, forced calls. */
#ifndef OPENAI_REPLY_H
#define OPENAI_REPLY_H

#include "../call/http_client.h"
#include "thinking.h"

/* An answer being read: an event stream, or one JSON object from a server that
 * does not stream. Reasoning, told apart or in marks (voice/model_text.h), is dropped. */
struct chat_reading;

/* on_text gets each piece of visible text; may be NULL. What turns out too late to have been
 * reasoning, by an end without a beginning, it has got; from there on it gets nothing, and can not
 * stop. The answer at the end is without it, unless nothing else came. */
struct chat_reading *chat_reading_new(struct ctx *cx, bool (*on_text)(struct span, void *),
                                      void       *data) NEVER_NULL;

#define CHAT_EVENT_MAX ((size_t)256 << 10) /* bytes of one event of a stream */

/* The call's on_data; `data` is the reading. */
enum http_verdict chat_reading_feed(const struct http_piece *piece, void *data);

/* The call's is_urgent: a sentence, or all of it, has come to its end. */
bool chat_is_urgent(const struct http_piece *piece);

/* The answer after the call, which ended with `failed` (NULL: well). A failure
 * after text was handed out is_late, and *out is what came, but for ERR_CANCELLED.
 * ERR_UPSTREAM: garbage, an error inside the stream, no text, cut short.
 * ERR_UPSTREAM_REJECTED: held back by the service's content filter, be it in the middle. */
struct err *chat_reading_end(struct chat_reading *r, struct err *failed,
                             struct chat_reply *out) CHECKED;

/* All that the model wrote as far as it was read: what was dropped is paid for, too. */
size_t chat_reading_bytes(const struct chat_reading *r);

/* The whole answer to a forced tool call: the arguments as out->text, or the
 * content when that is a JSON object instead. ERR_UPSTREAM when neither is. */
struct err *chat_structured(struct ctx *cx, struct span body, struct chat_reply *out) CHECKED;

#endif
