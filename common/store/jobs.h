/* jobs.h -- the jobs table: durable work, one row each.
 *
 * A job exists if and only if the data it is about does: it is enqueued in the
 * same transaction (job_enqueue) or in the same statement (job_insert.sql). A claim
 * is one short statement that stamps a lease; no transaction stays open while
 * the job runs. A worker that dies lets its lease run out and another takes
 * over, so a job may run more than once and its handler must be idempotent.
 * Who works jobs, and when: work/workers.h. */
#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include "../base/ctx.h"

#define JOBS_CHANNEL "scribe_jobs" /* NOTIFY, with the kind as payload, when a job is ready */

struct job_new {
	const char *kind;
	const char *key;          /* one waiting job per kind and key; NULL: any number */
	const char *payload;      /* JSON; NULL: {} */
	const char *session_id;   /* the job goes when the session does; NULL: it stays */
	uint64_t    delay_ms;     /* not before so long from now */
	unsigned    max_attempts; /* then it is dead; 0: eight */
};

/* The job, unless one of the same kind and key is waiting already: then that one
 * stays as it is. Inside db_tx() it comes into being with the caller's rows. */
struct err *job_enqueue(struct ctx *cx, const struct job_new *in) CHECKED;

/* A claimed job, as its handler gets it. */
struct job {
	int64_t     id;
	const char *kind;
	const char *key;        /* NULL: it has none */
	struct span payload;    /* JSON */
	const char *session_id; /* NULL: about no session */
	const char *payers;     /* of the session (base/payers.h) */
	int         attempt;    /* 1 for the first */
	int         max_attempts;
	bool        is_hopeless;  /* set by job_hopeless */
	uint64_t    postponed_ms; /* set by job_postpone; 0: it was not */
	bool        is_in_wait;   /* set by whoever postponed it where nothing failed: no news */
	bool        has_died;     /* its last attempt never ended; the row is dead now */
	const char *worker;       /* who holds the lease */
	unsigned    lease_ms;
};

/* For a handler at work: the lease starts anew, and with it cx->deadline.
 * ERR_CONFLICT when the lease is lost: stop, somebody else is at it. */
struct err *job_extend(struct ctx *cx, const struct job *job) CHECKED;

/* For a handler: no attempt will ever succeed. `return job_hopeless(job, e);` */
struct err *job_hopeless(struct job *job, struct err *why) NEVER_NULL;

/* For a handler: nothing was tried, for a reason that is no fault of the job (a setting is
 * missing, a quota used up, its turn has not come). It comes back after `ms`, and the attempt
 * does not count; `why` stays to be seen. `return job_postpone(job, e, ms);` */
struct err *job_postpone(struct job *job, struct err *why, uint64_t ms) NEVER_NULL;

/* How an attempt ended. */
enum job_outcome {
	JOB_DONE,
	JOB_AGAIN,    /* waits for its next attempt */
	JOB_DEAD,     /* waits for a person */
	JOB_RETURNED, /* given back untried, perhaps for later; the attempt does not count */
	JOB_ROUND     /* a periodic job waits for its next time, attempts counted from zero */
};

struct job_end {
	const struct job *job;
	enum job_outcome  outcome;
	uint64_t          pause_ms; /* for those that come back */
	const struct err *why;      /* NULL: nothing went wrong */
};

/* Ends the attempt, if the lease is still the caller's (*is_ours_out). A job that would wait beside
 * another one of its kind and key is done: that one stands for it. */
struct err *job_settle(struct ctx *cx, const struct job_end *end, bool *is_ours_out) CHECKED;

struct job_wanted {
	const char *kind;
	unsigned    lease_ms;
	bool        is_periodic; /* its one job is made, due at once, where there is none */
};

struct job_found {
	struct job job;
	size_t     place;    /* of its kind among those wanted */
	bool       is_none;  /* there is no job, and */
	unsigned   rest_ms;  /* until when: one falls due, or a lease runs out */
	bool       was_ours; /* the lease of the job that was ended with this */
};

/* Takes the next due job of the first kind that has one, or one whose lease ran out, for the
 * kind's lease_ms. A job whose last attempt ran out is buried instead and given with has_died
 * set. Where there is none, rest_ms is at most `most_rest_ms`. Before that ends `last` as
 * job_settle does, or nothing where it is NULL: both happen or none. */
struct err *job_claim(struct ctx *cx, const struct job_end *last, const struct job_wanted *kinds,
                      size_t n, const char *worker, unsigned most_rest_ms,
                      struct job_found *out) CHECKED;

/* What waits to be done, for people: one JSON object (jobs_told.sql has its members) with at most
 * `most` of those not done. In a transaction that has said who asks (access.h); of it they see what
 * they may. */
struct err *jobs_tell(struct ctx *cx, int64_t most, struct span *out) CHECKED;

/* Sends `payload` to everybody who listens, from some connection of the pool. */
struct err *jobs_call_out(struct ctx *cx, const char *payload) CHECKED;

/* The time a handler has under a lease: it must end before somebody else may begin. */
struct deadline job_deadline(unsigned lease_ms);

#endif
