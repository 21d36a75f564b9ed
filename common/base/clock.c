/* clock.c -- time, with one seam for tests. */
#include "clock.h"

static uint64_t (*_Atomic test_clock)(void); /* threads look while a test sets it */

static uint64_t now_ms(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

uint64_t clock_mono_ms(void)
{
	uint64_t (*mono_ms)(void) = test_clock;

	return mono_ms ? mono_ms() : now_ms(CLOCK_MONOTONIC);
}

uint64_t clock_elapsed_ms(uint64_t since_ms, uint64_t now_ms)
{
	return now_ms > since_ms ? now_ms - since_ms : 0;
}

int64_t clock_unix_ms(void)
{
	return (int64_t)now_ms(CLOCK_REALTIME);
}

struct deadline deadline_in(uint64_t ms)
{
	return (struct deadline){clock_mono_ms() + ms};
}

unsigned deadline_left_ms(struct deadline d)
{
	uint64_t now = clock_mono_ms();
	uint64_t left = d.at_ms > now ? d.at_ms - now : 0;

	return left > INT32_MAX ? INT32_MAX : (unsigned)left;
}

unsigned deadline_cap_ms(struct deadline d, unsigned own_limit_ms)
{
	unsigned left = deadline_left_ms(d);

	return left < own_limit_ms ? left : own_limit_ms;
}

struct deadline deadline_sooner(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

struct timespec deadline_timespec(struct deadline d)
{
	return (struct timespec){.tv_sec = (time_t)(d.at_ms / 1000),
	                         .tv_nsec = (long)(d.at_ms % 1000) * 1000000};
}

void clock_format_utc(int64_t unix_ms, char out[25])
{
	time_t    seconds = (time_t)(unix_ms / 1000);
	struct tm tm;
	unsigned  ms = (unsigned)(unix_ms % 1000) % 1000u;
	size_t    n;

	(void)gmtime_r(&seconds, &tm); /* an int has room for every such year */
	n = strftime(out, 20, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 25 - n, ".%03uZ", ms);
}

void clock_set_for_test(uint64_t (*mono_ms)(void))
{
	test_clock = mono_ms;
}
