/* parcels.h -- messages that wait to be sent: each written once, for as many as get it. */
#ifndef PARCELS_H
#define PARCELS_H

#include "../../common/base/arena.h"

/* Free bytes before a message, for the head of its frame. */
#define PARCEL_HEAD 32

struct parcel {
	struct arena *arena; /* its own, which holds it */
	unsigned      refs;
	bool          is_binary;
	size_t        len;
	char         *bytes; /* behind PARCEL_HEAD others */
};

/* A copy, held by the caller. */
struct parcel *parcel_new(struct span bytes, bool is_binary) NEVER_NULL;

/* Not held any more by one of its holders; NULL is a no-op. */
void parcel_drop(struct parcel *p);

struct outbox {
	struct outbox_item *first, *last;
	size_t              bytes;
};

/* Held by the outbox too. */
void outbox_add(struct outbox *box, struct parcel *p);

/* The oldest one, which is the caller's now; NULL: it is empty. */
struct parcel *outbox_take(struct outbox *box);

/* Nobody is going to read any of it. */
void outbox_clear(struct outbox *box);

#endif
