/* temp_file.c -- made under a name and parted from it at once: not every file system can do without
 * (O_TMPFILE). */
#include "temp_file.h"

#include "crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_MODE 0600

int temp_file(const char *folder)
{
	char id[CRYPTO_UUID_CHARS + 1], path[PATH_MAX];
	int  fd;

	if (!folder)
		return memfd_create("request", MFD_CLOEXEC);
	crypto_uuid(id);
	if (snprintf(path, sizeof(path), "%s/%s", folder, id) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd >= 0)
		unlink(path);
	return fd;
}

bool temp_file_write(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = (struct span){bytes.ptr + n, bytes.len - (size_t)n};
	}
	return true;
}
