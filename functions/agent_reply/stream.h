/* stream.h -- a turn's answer as events: what an outlet takes, and what stands around it.
 *
 *   heard   {text, confidence, language, audio_ms}, where the turn came as a recording
 *   meta    {session_id, turn_id, current_mode}
 *   text    {delta}; put together they are the text of `done`, but where a model failed in the
 *           middle of a sentence: what had come of it stands in no audio and not in `done`
 *   audio   {seq, part, is_last, format, audio_base64, text?, delay_samples?, padding_samples?};
 *           the parts of one seq in order are one MP3, and all of a turn join to one; `text`, with
 *           part 0, is what the piece says; put together these are the text of `done`
 *   extract the member of this name, where something is known of the visitor
 *   done    the JSON answer without audio
 *   error   {error, code, request_id}, instead of `done`: whatever ends a stream otherwise
 *
 * Comments break every silence. All in the thread of the request. */
#ifndef STREAM_H
#define STREAM_H

#include "../../common/web/sse_out.h"
#include "answer.h"
#include "delivery.h"

struct stream; /* lives in the arena */

/* Begins with its first event; or, while the thread waits, after SSE_PING_MS: from then on silences
 * are broken, and what is wrong is an event, for the status is told. */
struct stream *stream_new(struct req *rq) NEVER_NULL;

/* The first event of a turn that was spoken; of others the next one is. */
struct err *stream_heard(struct stream *s, const struct in *in) CHECKED;

/* The first, or the next. */
struct err *stream_meta(struct stream *s, const struct turn *turn) CHECKED;

/* For delivery_order.outlet. `sent` (NULL: nobody wants to know) is called as the
 * outlet's own, with `data`. */
const struct outlet *stream_outlet(struct stream *s,
                                   void (*sent)(struct span said, unsigned ms, void *data),
                                   void *data) NEVER_NULL;

/* Nothing where `lead` is NULL. */
struct err *stream_extract(struct stream *s, const struct in *in,
                           const struct turn_lead *lead) CHECKED;

/* Of the silent JSON. */
struct err *stream_done(struct stream *s, struct span json) CHECKED;

/* What was heard, as it stands in an answer that was kept for a key; nothing where it was typed. */
struct err *stream_heard_then(struct stream *s, struct span json) CHECKED;

/* All other events of an answer that was kept: its text and its audio in one part each. */
struct err *stream_whole(struct stream *s, struct span json, struct span audio) CHECKED;

#endif
