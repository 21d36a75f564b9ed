/* hearing_budget.c -- a tally of milliseconds for each address. */
#include "hearing_budget.h"

#include "../base/tally.h"

#include <pthread.h>

#define MINUTE_MS 60000.0
/* To find out how long a recording is takes a part of what hearing it takes. */
#define LOOK_PART 0.1
/* A millisecond of decoding takes as much of a processor as hearing so many of sound. */
#define HEARD_PER_DECODED 5.0
/* With less left than this nothing said would fit. */
#define LEAST_MS 1000.0

static struct settings {
	int64_t seconds;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(settings, seconds, "STT_SECONDS_PER_MINUTE", .fallback = "600", .min = 0,
                .max = 1000000,
                .help = "seconds of recordings of one address heard in a minute; 0: no limit"),
};
const struct cfg_group hearing_budget_settings = {"Hearing budget", &settings, keys, COUNT(keys)};

static double wane(double used, uint64_t ms)
{
	double left = used - (double)ms * (double)settings.seconds * 1000 / MINUTE_MS;

	return left > 0 ? left : 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tallies  used = {.wane = wane}; /* guarded by the lock */

/* Until so much of it is forgiven. */
static struct err *too_much(struct ctx *cx, double ms)
{
	struct err *e = err_new(cx, ERR_RATE, WHERE, "more than %lld s of recordings in a minute",
	                        (long long)settings.seconds);

	e->retry_after_ms = (unsigned)(ms / ((double)settings.seconds * 1000) * MINUTE_MS) + 1;
	return e;
}

static double whole_ms(void)
{
	return (double)settings.seconds * 1000;
}

struct err *hearing_budget_check(struct ctx *cx)
{
	double over;

	if (!settings.seconds)
		return NULL;
	pthread_mutex_lock(&lock);
	over = tally_used(&used, cx->client, clock_mono_ms()) + LEAST_MS - whole_ms();
	pthread_mutex_unlock(&lock);
	return over > 0 ? too_much(cx, over) : NULL;
}

static double cost_of_decoding(const struct ctx *cx)
{
	return cx->cost.decode_ms * HEARD_PER_DECODED;
}

void hearing_budget_lose(struct ctx *cx)
{
	double cost = cost_of_decoding(cx);

	if (!settings.seconds || cost <= 0)
		return;
	pthread_mutex_lock(&lock);
	tally_add(&used, cx->client, cost > LEAST_MS ? cost : LEAST_MS, clock_mono_ms());
	pthread_mutex_unlock(&lock);
}

struct err *hearing_budget_take(struct ctx *cx, unsigned audio_ms)
{
	double   all = whole_ms(), decoding = cost_of_decoding(cx), over;
	double   cost = decoding > audio_ms ? decoding : audio_ms;
	uint64_t now = clock_mono_ms();

	if (!settings.seconds)
		return NULL;
	pthread_mutex_lock(&lock);
	over = tally_used(&used, cx->client, now) + (cost < all ? cost : all) - all;
	tally_add(&used, cx->client, over > 0 ? cost * LOOK_PART : cost, now);
	pthread_mutex_unlock(&lock);
	return over > 0 ? too_much(cx, over + cost * LOOK_PART) : NULL;
}
