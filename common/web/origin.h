/* origin.h -- which sites may call, and what a browser is told about it (CORS). */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "../base/cfg.h"
#include "req.h"

extern const struct cfg_group origin_settings;

/* Sets the CORS headers. ERR_ORIGIN when the request names an origin that is
 * not on the list; no Origin header at all (curl, servers) is fine. */
struct err *origin_check(struct req *rq) CHECKED;

/* Answers a preflight whose origin was found good: 204 with what is allowed. */
void origin_preflight(struct req *rq, const char *methods);

#endif
