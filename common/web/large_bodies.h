/* large_bodies.h -- requests whose body takes much room: few are in hand, and fewer of one client.
 *
 * For programs with many more threads than there is room for large bodies. Who waits has its body
 * where it arrived (arrival.h), which is bounded. First come, first served, but for those whose
 * client has as many in hand as it may: they let others by. Thread-safe. */
#ifndef LARGE_BODIES_H
#define LARGE_BODIES_H

#include "../base/ctx.h"

#define LARGE_BODIES_MAX        48u
#define LARGE_BODIES_CLIENT_MAX 2u

/* Waits for a place within the deadline. ERR_UNAVAILABLE: there was none. ERR_CANCELLED. */
struct err *large_body_enter(struct ctx *cx) CHECKED;

/* Gives it back. */
void large_body_leave(const struct ctx *cx);

#endif
