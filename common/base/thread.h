/* thread.h -- starting threads. */
#ifndef THREAD_H
#define THREAD_H

#include "base.h"

#include <pthread.h>

/* Runs run(data) in a thread of its own, to be joined or detached, on a stack of so many bytes
 * (only touched pages cost memory). Signals are for the threads that expect them: none is
 * delivered here. 0, or the errno for which there is none. */
int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *data) CHECKED;

#endif
