/* stereo.h -- one channel of two. Pure. */
#ifndef STEREO_H
#define STEREO_H

#include "../../base/base.h"

/* Left and right in turn, n of each, become n samples in the first half of the array: their mean;
 * or the louder one, where the other cancels it out (one microphone's wires are swapped) or is all
 * but silent. */
void stereo_fold(float *samples, size_t n);

#endif
