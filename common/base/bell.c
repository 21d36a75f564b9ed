/* bell.c -- an eventfd. */
#include "bell.h"

#include "fatal.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_new(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void bell_ring(int bell)
{
	uint64_t one = 1;

	if (write(bell, &one, sizeof(one)) < 0 && errno != EAGAIN)
		fatal("a thread can not be called: errno %d", errno);
}

void bell_hush(int bell)
{
	uint64_t rings;

	if (read(bell, &rings, sizeof(rings)) < 0 && errno != EAGAIN)
		fatal("a thread does not hear: errno %d", errno);
}
