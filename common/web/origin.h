/* origin.h -- which sites may call, and what a browser is told about it (CORS). */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "../base/cfg.h"
#include "req.h"

extern const struct cfg_group origin_settings;

/* Sets the CORS headers. ERR_ORIGIN when the request names an origin that is
 * not on the list; no Origin header at all (curl, servers) is fine. Where a whole API is served
 * (service.path), browsers may read and send what its clients need besides. */
struct err *origin_check(struct req *rq, bool is_api) CHECKED;

/* Answers a preflight whose origin was found good: 204 with what is allowed. */
void origin_preflight(struct req *rq, const char *methods, bool is_api);

/* Does `url` begin with a listed origin, and what is it followed by but a path, a query or a
 * fragment? Where people may be sent to from our pages. */
bool origin_is_listed(const char *url);

#endif
