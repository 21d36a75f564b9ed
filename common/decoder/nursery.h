/* nursery.h -- keeps helpers ready and sees to it that none outlives its use. */
#ifndef NURSERY_H
#define NURSERY_H

#include "../base/base.h"
#include "errand.h"

/* Keeps n helpers (at most NURSERY_MAX), ready or at work, and sends each new one's socket over
 * NURSERY_SOCKET. Returns when the program there is gone; helpers go with the nursery. */
#define NURSERY_MAX (2 * DECODERS_MAX + 1) /* at work before and behind, and one who waits */
void nursery_run(size_t n);

#endif
