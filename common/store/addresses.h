/* addresses.h -- addresses of clients, of which only keyed hashes are kept, and their pace. */
#ifndef STORE_ADDRESSES_H
#define STORE_ADDRESSES_H

#include "../base/crypto.h"
#include "../base/ctx.h"

/* Who is counted as one: an IPv4 address, or the /64 of an IPv6 one, for whoever has one such
 * address has them all. Without a data key hashes hold for this process alone. */
struct hash address_hash(const char *purpose, const char *address);

/* Counts one request for that purpose against `per_minute`, as many of which may come at once; one
 * that is refused does not count. ERR_RATE with the time until the next. 0: no limit. */
struct err *address_rate_take(struct ctx *cx, const char *purpose, const char *address,
                              unsigned per_minute) CHECKED;

#endif
