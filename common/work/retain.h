/* retain.h -- the job that ends what is kept no longer. */
#ifndef RETAIN_H
#define RETAIN_H

#include "../store/jobs.h"
#include "../store/retention.h"

/* A periodic job: removes what is too old in small parts, with as much rest as work, for up to half
 * a minute; what is left waits for the next time. Tells what went, or while nothing is
 * removed yet, what would go. Ended at any point it goes on with the next. */
struct err *retain(struct ctx *cx, struct job *job) CHECKED;

#endif
