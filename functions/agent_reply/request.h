/* request.h -- a turn's request, read and checked. */
#ifndef REQUEST_H
#define REQUEST_H

#include "../../common/base/cfg.h"
#include "../../common/web/req.h"
#include "answer.h"

#define TEXT_BODY_MAX ((size_t)1 << 20) /* without a recording */

extern const struct cfg_group page_settings;

/* From the body, or beside one that is a recording. ERR_INPUT and ERR_TOO_LARGE, ERR_RATE where a
 * large one comes from an address that has used up what may be heard. */
struct err *request_read(struct req *rq, struct in *in) CHECKED;

/* Is a failure to be told in a sentence with 200 (SCRIBE_COMPAT_ERRORS)? Only to supabase-js in a
 * browser: the existing page is that, and so are others. */
bool request_wants_excuses(const struct req *rq);

#endif
