/* by_client.h -- something for each client of whom there is anything, found by the client's key.
 *
 * Whoever keeps it has a struct whose first member is a by_client, and forgets it when nothing is
 * left of that client: so the table is as large as what it is about. Not thread-safe. */
#ifndef BY_CLIENT_H
#define BY_CLIENT_H

#include "../base/base.h"

#define BY_CLIENT_BUCKETS 256u

struct by_client {
	uint64_t          key; /* address_key(); 0: of all whom nobody knows */
	struct by_client *next;
};

struct by_clients {
	struct by_client *of[BY_CLIENT_BUCKETS];
};

/* The client's own; a new one of `bytes` zeros behind the key where there was none. */
void *by_client_of(struct by_clients *all, uint64_t key, size_t bytes) NEVER_NULL;

/* Frees it. */
void by_client_forget(struct by_clients *all, struct by_client *it);

#endif
