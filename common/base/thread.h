/* thread.h -- starting threads. */
#ifndef THREAD_H
#define THREAD_H

#include "base.h"

#include <pthread.h>

/* This thread, and those it starts from now on, get next to no processor while anybody else wants
 * it. For good: the system lets nobody without special rights come to the front again. */
void thread_stand_back(void);

/* The same, but that it keeps a share of what one of the others has, a quarter for a niceness of 6,
 * a fiftieth for 17: for long work of which there is little at once, and which must end some
 * time. */
void thread_step_aside(int nice);

/* Runs run(data) in a thread of its own, to be joined or detached, on a stack of so many bytes
 * (only touched pages cost memory). Signals are for the threads that expect them: none is
 * delivered here. 0, or the errno for which there is none. */
int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *data) CHECKED;

/* The same of a thread that works for all, as long as the process may last: it does not stand back
 * though who starts it does. */
int thread_start_for_all(pthread_t *out, size_t stack_bytes, void *(*run)(void *),
                         void *data) CHECKED;

#endif
