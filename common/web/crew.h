/* crew.h -- threads that work off what they are given: made as work comes, gone when it ends.
 *
 * Who became idle last is called first, so the caches are warm and the surplus
 * stays idle until it leaves. When all are at work a job waits: that of a client with few in hand
 * goes before those of one with many, so nobody waits for the whole of another's. A client that
 * has more than two at once is a crowd, from then on until a while after the last such moment: an
 * attack, or a house of many. What is done for it lets others go first. Thread-safe. */
#ifndef CREW_H
#define CREW_H

#include "../base/base.h"

#include <stdatomic.h>

/* A piece of work; lies in what the work is about, which lives until work() has it. */
struct crew_job {
	uint64_t         client;   /* whose it is; 0: nobody knows */
	unsigned         arriving; /* others of that client, which may be given soon or are already */
	uint64_t         number;   /* this and next: the crew's */
	struct crew_job *next;
	/* While work() has it: its client is a crowd. */
	const atomic_bool *is_crowd;
};

struct crew_plan {
	unsigned threads_max, queue_max;    /* working at once; waiting for one of these */
	unsigned client_max;                /* of one client working at once; 0: any number */
	bool     has_crowds;                /* clients that are have threads that stand back */
	void (*work)(struct crew_job *job); /* in one of the threads */
	void (*end)(void);                  /* as a thread's last act */
};

struct crew;

/* Without threads as yet. */
struct crew *crew_new(const struct crew_plan *plan) NEVER_NULL;

/* NULL, or a job for which there is no place, the caller's again: all threads are at work and the
 * queue is full. It is this one, or the newest of the client with the most, if that has more than
 * this one's. Never waits. From one thread. */
struct crew_job *crew_give(struct crew *c, struct crew_job *job) CHECKED;

/* Back from those that wait: the client's newest that is_wanted; NULL: there is none. */
struct crew_job *crew_take_back(struct crew *c, uint64_t client,
                                bool (*is_wanted)(struct crew_job *job));

/* Returns when all that was given is done and every thread has ended; then c is gone. From the
 * thread that gives. */
void crew_end(struct crew *c);

#endif
