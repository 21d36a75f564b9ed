/* bell.h -- calls a thread that waits at descriptors. */
#ifndef BELL_H
#define BELL_H

/* A descriptor that is readable from a ring until it is hushed; -1, with errno, when none is left.
 * The caller closes it. */
int bell_new(void);

/* From any thread, as often as it likes; waits for nothing. */
void bell_ring(int bell);

/* By who was called, before it looks what for: what is rung from here on is another call. */
void bell_hush(int bell);

#endif
