/* kept_audio.h -- what was said in a turn is kept as it sounded, where SCRIBE_KEEP_AUDIO says so
 * and the visitor has agreed to be known. Never what was said in distress. */
#ifndef KEPT_AUDIO_H
#define KEPT_AUDIO_H

#include "../../common/web/req.h"
#include "answer.h"

/* Behind the answer: the recording and the spoken reply become files of the bucket audio, and
 * utterances.audio_url tells where. They go when the session does. */
void kept_audio_after(struct req *rq, const struct in *in, const struct turn *turn,
                      const struct answer *a);

#endif
