/* task.h -- a piece of a unit of work that runs beside it, in a thread of its own.
 *
 * For two waits at once, not for computing (a call alone needs no task). The
 * task has a ctx and an arena of its own, with the deadline of its parent and a
 * cancel that fires with its parent's. What the task allocated lives until the
 * parent's unit of work ends, so results need no copying. */
#ifndef TASK_H
#define TASK_H

#include "ctx.h"

struct task;

typedef struct err *task_fn(struct ctx *cx, void *data);

/* Runs fn(child ctx, data) beside the caller; at once in the caller's thread when
 * no thread can be had. The caller leaves `data` alone until the task is joined. A
 * task nobody joined is cancelled and joined when the parent's unit of work ends. */
struct task *task_start(struct ctx *cx, task_fn *fn, void *data) NEVER_NULL;

/* The same for what computes: with as much stack as the thread of a request. */
struct task *task_start_large(struct ctx *cx, task_fn *fn, void *data) NEVER_NULL;

/* Nobody wants its result any more: it ends at its next wait. */
void task_cancel(struct task *task);

/* Waits for the task, and keeps company meanwhile (ctx.h); its error is the result. Folds what it
 * cost into the parent's cost. From the parent's thread; a second join returns the same. */
struct err *task_join(struct task *task) CHECKED;

#endif
