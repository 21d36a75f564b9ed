/* arrival.h -- requests that are not whole yet: where their bytes are, and how many an address has
 * of such.
 *
 * A small one stays in its socket. One that no socket holds, or that comes in many pieces, is taken
 * into a file, in memory or, for programs that take files, on the disk, until a thread has read it.
 * What a program holds so is bounded, to a quarter of it for one address; where all of it is used,
 * who has most has to give way to who has less. Not thread-safe: the dispatcher locks. */
#ifndef ARRIVAL_H
#define ARRIVAL_H

#include "fcgi_head.h"

struct sender;

struct arrival {
	struct sender   *sender; /* NULL: nothing is held for it */
	size_t           held;   /* of its sender's bytes */
	int              file;   /* -1: none */
	size_t           bytes;  /* in the file */
	struct fcgi_body body;   /* where the file ends */
};

#define ARRIVAL \
	{ \
		.file = -1 \
	}

enum arrived {
	ARRIVED_NOTHING,  /* for the moment */
	ARRIVED_PART,     /* and there may be more already */
	ARRIVED_WHOLE,    /* the file is a request */
	ARRIVED_TOO_MUCH, /* for who sends it */
	ARRIVED_NOWHERE,  /* no file to be had */
	ARRIVED_END       /* of the connection; or it is no request, or the file takes no more */
};

/* All requests together have so many bytes. Once, before the others. */
void arrivals_limit(size_t bytes_max);

/* They are taken into files of this folder; NULL, and without this: in memory. What its disk does
 * not take at once keeps the dispatcher waiting. Once, before the others. */
void arrivals_go_to(const char *folder);

/* So many bytes of the client's request are in its socket; body as fcgi_head() gave it.
 * ARRIVED_PART or ARRIVED_TOO_MUCH. */
enum arrived arrival_hold(struct arrival *a, uint64_t client, size_t bytes,
                          const struct fcgi_body *body) CHECKED;

/* From now on it is taken into a file. ARRIVED_PART or ARRIVED_NOWHERE. */
enum arrived arrival_begin_file(struct arrival *a) CHECKED;

/* Takes some of what is in the socket into the file. Does not wait. */
enum arrived arrival_take(struct arrival *a, int from) CHECKED;

/* How many others of its client arrive, or wait for who reads them. */
unsigned arrival_others(const struct arrival *a);

/* Is more held than may be? */
bool arrivals_are_too_many(void);

/* Who has the most of all, if that is more than a's sender has; NULL: nobody has. */
const struct sender *arrival_greediest(const struct arrival *a);

/* Whom address_key() means by that. */
uint64_t sender_client(const struct sender *s);

/* Bytes of it that have come, in its socket or of its body. */
size_t arrival_bytes(const struct arrival *a);

/* Nobody will read its body: only the head is kept, until arrival_end(), and not counted. */
void arrival_cut(struct arrival *a);

/* Takes of a body what is in the socket, up to its end, and forgets it. Does not wait.
 * ARRIVED_NOTHING, ARRIVED_WHOLE or ARRIVED_END. */
enum arrived arrival_skip(struct fcgi_body *body, int from) CHECKED;

/* Has its file been read to the end? */
bool arrival_is_read(const struct arrival *a);

/* Nothing of it is held any more; its file is closed. */
void arrival_end(struct arrival *a);

#endif
