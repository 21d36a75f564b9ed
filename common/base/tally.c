/* tally.c -- a table of sets, each of a few entries. */
#include "tally.h"

#include "clock.h"

static unsigned set_of(uint64_t key)
{
	return (unsigned)((key * 0x9e3779b97f4a7c15u) >> 57);
}

static double now_used(const struct tallies *t, const struct tally *it, uint64_t now_ms)
{
	return it->key ? t->wane(it->used, clock_elapsed_ms(it->at_ms, now_ms)) : 0;
}

double tally_used(const struct tallies *t, uint64_t key, uint64_t now_ms)
{
	const struct tally *set = t->of[set_of(key)];

	for (size_t i = 0; key && i < TALLY_WAYS; i++)
		if (set[i].key == key)
			return now_used(t, &set[i], now_ms);
	return 0;
}

/* Its own, or that of who has used least, which is its own from now. */
static struct tally *entry_of(struct tallies *t, uint64_t key, uint64_t now_ms)
{
	struct tally *set = t->of[set_of(key)], *least = set;

	for (size_t i = 0; i < TALLY_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (now_used(t, &set[i], now_ms) < now_used(t, least, now_ms))
			least = &set[i];
	}
	*least = (struct tally){.key = key, .at_ms = now_ms};
	return least;
}

void tally_add(struct tallies *t, uint64_t key, double amount, uint64_t now_ms)
{
	struct tally *it;
	double        used;

	if (!key)
		return;
	it = entry_of(t, key, now_ms);
	used = now_used(t, it, now_ms) + amount;
	*it = (struct tally){.key = key, .at_ms = now_ms, .used = used > 0 ? used : 0};
}
