/* fatal.h -- the end of a process that cannot go on: no memory, no way to start.
 *
 * A file of its own below everything that allocates or logs. */
#ifndef FATAL_H
#define FATAL_H

#include "base.h"

/* Logs the sentence as the event `fatal` and ends the process with status 70. */
_Noreturn void fatal(const char *fmt, ...) PRINTF(1, 2);

#endif
