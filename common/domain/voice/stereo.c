/* stereo.c -- the mean of two channels, unless nothing would be left of it.
 *
 * What cancels is told in windows of 20 ms from the differences between samples, which hold little
 * of the hum and the direct current that both channels may share. */
#include "stereo.h"

#include "audio.h"

#include <math.h>

#define WINDOW (PCM_RATE / 50)
/* Of the energy in a window, as much of it is lost in the mean or more. */
#define CANCELS 0.5
/* Of the whole: a channel with less is not in use. */
#define UNUSED 0.01

struct energy {
	double left, right, lost; /* of each channel; in windows where they cancel, of both */
};

static void add_window(const float *samples, size_t n, struct energy *energy)
{
	double left = 0, right = 0, both = 0;

	for (size_t i = 1; i < n; i++) {
		double l = (double)(samples[2 * i] - samples[2 * i - 2]);
		double r = (double)(samples[2 * i + 1] - samples[2 * i - 1]);

		left += l * l;
		right += r * r;
		both += l * r;
	}
	energy->left += left;
	energy->right += right;
	if (both < -CANCELS * sqrt(left * right))
		energy->lost += left + right;
}

void stereo_fold(float *samples, size_t n)
{
	struct energy energy = {0};
	double        all, louder;
	size_t        from;

	for (size_t i = 0; i < n; i += WINDOW)
		add_window(samples + 2 * i, n - i < WINDOW ? n - i : WINDOW, &energy);
	all = energy.left + energy.right;
	louder = fmax(energy.left, energy.right);
	from = energy.right > energy.left ? 1 : 0;
	if (energy.lost > all / 2 || all - louder < all * UNUSED)
		for (size_t i = 0; i < n; i++)
			samples[i] = samples[2 * i + from];
	else
		for (size_t i = 0; i < n; i++)
			samples[i] = (samples[2 * i] + samples[2 * i + 1]) / 2;
}
