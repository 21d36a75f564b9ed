/* payers.h -- who pays for what outside services do for a request. */
#ifndef WEB_PAYERS_H
#define WEB_PAYERS_H

#include "../engines/meter.h"
#include "req.h"

/* The address it comes from (all of an IPv6 network of /64), and the subject of a signed token it
 * shows; the key that browsers have proves nobody. In the arena. */
const struct payers *payers_of(struct req *rq) NEVER_NULL;

#endif
