/* workers.h -- working the jobs of the kinds a program owns (the table: store/jobs.h).
 *
 * A handler may be run again after it has done its work (its worker died before
 * it could say so), and beside itself (its lease ran out while it was held up):
 * its effect must be the same. Each attempt is a unit of work with an arena and
 * a deadline inside its lease; job_extend() gives long work more of both. */
#ifndef WORKERS_H
#define WORKERS_H

#include "../base/cfg.h"
#include "../store/jobs.h"

extern const struct cfg_group workers_settings;

/* NULL: done. An error: again, after a pause that grows, until the attempts are
 * used up; ERR_CONFLICT of a lost lease ends in nothing. job_hopeless() buries
 * the job at once, job_postpone() puts it off uncounted. */
typedef struct err *job_run(struct ctx *cx, struct job *job);

struct job_kind {
	const char *name;
	unsigned    lease_ms; /* more than an attempt takes; a dead worker's job waits so long */
	unsigned    every_ms; /* periodic: again so long after it ended; 0: only when enqueued */
	job_run    *run;
	bool        is_long; /* may take long: a worker of their own has these, one at a time */
};

#define JOB_KINDS_MAX 8

/* What is told on the jobs' channel that is no kind of ours goes to fn, in the thread that listens,
 * which it does not keep. Before workers_start. */
void workers_hear(void (*fn)(const char *told));

/* Starts listening and working, unless JOBS_THREADS is 0; with `is_only` there is
 * at least one worker all the same. */
void workers_start(const struct job_kind *kinds, size_t n, bool is_only);

/* Takes no more jobs; those in hand have JOBS_DRAIN_MS to end, then they are
 * cancelled and given back. */
void workers_stop(void);

/* The pause after a failed attempt (1 for the first): four times longer after each, up
 * to an hour; `spread` of 0..100 lies anywhere between half of it and the whole. Never
 * less than `asked_ms`, which the one who refused has asked for. */
uint64_t workers_pause_ms(uint64_t first_ms, int attempt, unsigned spread, uint64_t asked_ms);

#endif
