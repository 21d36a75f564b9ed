/* request_payers.h -- who pays for what outside services do for a request. */
#ifndef REQUEST_PAYERS_H
#define REQUEST_PAYERS_H

#include "../base/payers.h"
#include "req.h"

/* The address it comes from (all of an IPv6 network of /64), and the subject of a signed token it
 * shows; the key that browsers have proves nobody. In the arena. */
const struct payers *request_payers(struct req *rq) NEVER_NULL;

#endif
