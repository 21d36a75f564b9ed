/* excuse.h -- what the existing page is told where it would fall silent. */
#ifndef EXCUSE_H
#define EXCUSE_H

#include "../../common/web/req.h"

/* The end of the process: nothing is kept of what was spoken. */
void excuse_stop(void);

/* To who wants them (request.h): takes the place of the prepared error where a person can do
 * something about it. 200 with a sentence that says what, aloud, and `error`, `code`, `request_id`
 * beside it. Any other error stays as it is. */
void excuse_take(struct req *rq, const struct err *e);

#endif
