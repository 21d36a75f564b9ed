/* sending.h -- what handlers share that send to people: pace, patience, and who may be called. */
#ifndef SENDING_H
#define SENDING_H

#include "../call/http_client.h"
#include "../store/jobs.h"

/* The job stays as it is, with `why` for a person to see in scripts/jobs, until `ms` from now; the
 * attempt does not count. For what is no fault of the job: a key that is missing, a quota. */
struct err *sending_later(struct ctx *cx, struct job *job, uint64_t ms, const char *why) NEVER_NULL;

/* The same where a setting is missing that its operator may never mean to give: nothing failed, and
 * the log does not tell of it each time. */
struct err *sending_unset(struct ctx *cx, struct job *job, const char *setting) NEVER_NULL;

/* Waits for this channel's next place in time. An error, already postponed, when it is too far
 * off to hold a worker for. */
struct err *sending_wait_turn(struct ctx *cx, struct job *job, const char *channel,
                              unsigned interval_ms) CHECKED;

/* 429: everybody keeps quiet for as long as asked, and this job comes back then. */
struct err *sending_slow_down(struct ctx *cx, struct job *job, const char *channel,
                              const struct http_reply *reply) NEVER_NULL;

/* Metrics tell of a call that no chain made, "slack post", and how it went; e: no answer came. */
void sending_count(const char *call, const struct http_reply *reply, const struct err *e);

#endif
