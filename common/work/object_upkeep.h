/* object_upkeep.h -- the jobs that end bytes nobody tells of any more. */
#ifndef OBJECT_UPKEEP_H
#define OBJECT_UPKEEP_H

#include "../store/jobs.h"

/* Removes the bytes of rows that have gone. Enqueued with each of those, in its transaction. */
struct err *objects_bury(struct ctx *cx, struct job *job) CHECKED;

/* Periodic: removes links that are over and files that are kept for so long only, and bytes that
 * were written and never became an object. */
struct err *objects_sweep(struct ctx *cx, struct job *job) CHECKED;

#endif
