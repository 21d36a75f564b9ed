/* address.h -- whom an address stands for, where work and limits are shared out. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "str.h"

/* The same for all addresses of one client: an IPv4 address, also as IPv6 ("::ffff:192.0.2.1"),
 * or the /64 of an IPv6 address, which is the least that one household has. 0: it is no address. */
uint64_t address_key(struct span address);

#endif
