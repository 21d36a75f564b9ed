/* address_pace.h -- how often an address may have something said, by whatever session. */
#ifndef ADDRESS_PACE_H
#define ADDRESS_PACE_H

#include "../../common/base/cfg.h"
#include "../../common/web/req.h"
#include "answer.h"

extern const struct cfg_group address_pace_settings;

/* Counts the request where it counts. ERR_RATE with the time until the next. */
struct err *address_pace_take(struct req *rq, const struct in *in) CHECKED;

#endif
