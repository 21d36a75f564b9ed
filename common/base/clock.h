/* clock.h -- the only source of time, so that tests can move it. */
#ifndef CLOCK_H
#define CLOCK_H

#include "base.h"

#include <time.h>

/* CLOCK_MONOTONIC in milliseconds: the same for all programs of a host. */
uint64_t clock_mono_ms(void);

/* Between two such times; 0 where `since_ms` is the later one: another thread may have noted it
 * after this one had looked at the clock. */
uint64_t clock_elapsed_ms(uint64_t since_ms, uint64_t now_ms);

/* Wall clock in milliseconds since 1970, for stored and shown times. */
int64_t clock_unix_ms(void);

/* An absolute monotonic time after which nobody waits any more. */
struct deadline {
	uint64_t at_ms;
};

/* Waits of that deadline end only by what they wait for. */
#define DEADLINE_NEVER ((struct deadline){UINT64_MAX})

/* So many milliseconds from now. */
struct deadline deadline_in(uint64_t ms);

/* Milliseconds left; 0 when passed. */
unsigned deadline_left_ms(struct deadline d);

/* The smaller of what is left and the caller's own limit. */
unsigned deadline_cap_ms(struct deadline d, unsigned own_limit_ms);

/* The earlier of two deadlines. */
struct deadline deadline_sooner(struct deadline a, struct deadline b);

/* The same point in time for the calls of pthread that take CLOCK_MONOTONIC. */
struct timespec deadline_timespec(struct deadline d);

/* "2026-11-22T18:50:00.000Z"; `out` holds at least 25 bytes. */
void clock_format_utc(int64_t unix_ms, char out[25]);

/* NULL puts the real clock back. */
void clock_set_for_test(uint64_t (*mono_ms)(void));

#endif
