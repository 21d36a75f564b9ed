/* spoken.h -- a turn that comes as a recording: the words in it are its message. */
#ifndef SPOKEN_H
#define SPOKEN_H

#include "../../common/engines/transcript.h"
#include "../../common/work/object_bytes.h"
#include "../../common/web/req.h"
#include "answer.h"

/* What a recording is heard with, and kept by (kept_audio.h). */
#define SPOKEN_SETTINGS TRANSCRIPT_SETTINGS, OBJECT_SETTINGS

/* What is beside a body that is itself a recording, in headers. ERR_INPUT. */
struct err *spoken_read(struct req *rq, struct in *in) CHECKED;

/* Of a body that is to be JSON: ERR_INPUT where it seems to be a recording that its Content-Type
 * tells to be something else. */
struct err *spoken_check_type(struct req *rq) CHECKED;

/* Of a turn's time so much is for hearing a recording alone. */
#define HEAR_MS 30000u

/* Where there is a recording, proves the session and has it heard; in->spoken is what was heard,
 * and the message: "" where nobody said anything, and then in->mode is the session's. The rest of
 * the turn has `rest_ms` either way. Errors as session_check, hearing_budget_check,
 * recording_decode, transcript_of; ERR_AUDIO where a body that is the recording is empty. */
struct err *spoken_message(struct req *rq, struct in *in, struct answer *a,
                           unsigned rest_ms) CHECKED;

/* {text, confidence, language, audio_ms, is_backchannel?} of in->spoken: the event `heard`, and the
 * member of that name. */
struct err *spoken_json(struct ctx *cx, const struct in *in, struct span *out) CHECKED;

/* An answer's JSON with that member, where it is one to something spoken; else as it is. */
struct err *spoken_answer(struct ctx *cx, const struct in *in, struct span json,
                          struct span *out) CHECKED;

#endif
