/* thread.c -- starting threads. */
#include "thread.h"

#include <signal.h>

int thread_start(pthread_t *out, size_t stack_bytes, void *(*run)(void *), void *data)
{
	pthread_attr_t attr;
	sigset_t       all;
	int            failed;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack_bytes);
	pthread_attr_setsigmask_np(&attr, &all);
	failed = pthread_create(out, &attr, run, data);
	pthread_attr_destroy(&attr);
	return failed;
}
