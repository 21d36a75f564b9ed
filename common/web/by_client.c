/* by_client.c -- a table of lists. */
#include "by_client.h"

#include "../base/fatal.h"

static struct by_client **bucket_of(struct by_clients *all, uint64_t key)
{
	return &all->of[(key * 0x9e3779b97f4a7c15u) >> 56];
}

void *by_client_of(struct by_clients *all, uint64_t key, size_t bytes)
{
	struct by_client **bucket = bucket_of(all, key), *it = *bucket;

	while (it && it->key != key)
		it = it->next;
	if (it)
		return it;
	it = calloc(1, bytes);
	if (!it)
		fatal("out of memory: no client");
	*it = (struct by_client){key, *bucket};
	*bucket = it;
	return it;
}

void by_client_forget(struct by_clients *all, struct by_client *it)
{
	struct by_client **at = bucket_of(all, it->key);

	while (*at != it)
		at = &(*at)->next;
	*at = it->next;
	free(it);
}
