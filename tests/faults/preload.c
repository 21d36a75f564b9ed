/* preload.c -- a disk that is full and a clock that jumps, for one process: what LD_PRELOAD puts
 * before libc. No program links it.
 *
 * Both are told by the file that FAULTS_FILE names, which is mapped when first needed: eight bytes,
 * the seconds by which the wall clock is off, and eight more, not 0 while the disk is full. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct faults {
	_Atomic int64_t seconds_off, is_full;
};

static const struct faults *faults(void)
{
	static struct faults                  none;
	static _Atomic(const struct faults *) known;
	const struct faults                  *found = known;
	const char                           *file;
	void                                 *map;
	int                                   fd;

	if (found)
		return found;
	file = getenv("FAULTS_FILE");
	fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(none), PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	found = map == MAP_FAILED ? &none : map;
	known = found;
	return found;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* ---- the clock ---- */

int clock_gettime(clockid_t which, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (!real)
		real = next("clock_gettime");
	result = real(which, now);
	if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		now->tv_sec += faults()->seconds_off;
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	*now = (struct timeval){exact.tv_sec, exact.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec exact;

	clock_gettime(CLOCK_REALTIME, &exact);
	if (out)
		*out = exact.tv_sec;
	return exact.tv_sec;
}

/* ---- the disk: only files take room ---- */

static int has_no_room(int fd)
{
	struct stat about;

	if (!faults()->is_full || fstat(fd, &about) || !S_ISREG(about.st_mode))
		return 0;
	errno = ENOSPC;
	return 1;
}

#define WRITER(name, type, params, args) \
	type name params \
	{ \
		static type(*real) params; \
\
		if (has_no_room(fd)) \
			return (type)-1; \
		if (!real) \
			real = next(#name); \
		return real args; \
	}

WRITER(pwrite64, ssize_t, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at))
WRITER(pwritev64, ssize_t, (int fd, const struct iovec *from, int n, off64_t at), (fd, from, n, at))
WRITER(pwrite, ssize_t, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
WRITER(pwritev, ssize_t, (int fd, const struct iovec *from, int n, off_t at), (fd, from, n, at))

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
	static int (*real)(int, off64_t, off64_t);

	if (has_no_room(fd))
		return ENOSPC;
	if (!real)
		real = next("posix_fallocate64");
	return real(fd, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	return posix_fallocate64(fd, at, n);
}
