/* crew.h -- threads that work off what they are given: made as work comes, gone when it ends.
 *
 * Who became idle last is called first, so the caches are warm and the surplus
 * stays idle until it leaves. Thread-safe. */
#ifndef CREW_H
#define CREW_H

#include "../base/base.h"

/* A piece of work; lies in what the work is about, which lives until work() has it. */
struct crew_job {
	struct crew_job *next;
};

struct crew_plan {
	unsigned threads_max, queue_max;    /* working at once; waiting for one of these */
	void (*work)(struct crew_job *job); /* in one of the threads */
	void (*end)(void);                  /* as a thread's last act */
};

struct crew;

/* Without threads as yet. */
struct crew *crew_new(const struct crew_plan *plan) NEVER_NULL;

/* False when all threads are at work and the queue is full: the job is still the caller's. Never
 * waits. From one thread. */
bool crew_give(struct crew *c, struct crew_job *job);

/* Returns when all that was given is done and every thread has ended; then c is gone. From the
 * thread that gives. */
void crew_end(struct crew *c);

#endif
