/* shared_file.c -- what is asked of a shared file before it is trusted. */
#include "shared_file.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_TRIES  200u
#define LOCK_NAP_US 10000u

bool shared_file_lock(int fd)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		usleep(LOCK_NAP_US);
	}
	return false;
}

const char *shared_file_distrust(int fd, struct stat *st_out)
{
	if (fstat(fd, st_out) != 0)
		return strerror(errno);
	if (!S_ISREG(st_out->st_mode))
		return "not a plain file";
	if (st_out->st_uid != geteuid())
		return "it belongs to another user";
	if (st_out->st_mode & 077)
		return "others may open it";
	return NULL;
}
