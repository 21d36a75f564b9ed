/* shared_file.h -- a file that programs of a host map together: is it ours, may we change it? */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include "base.h"

#include <sys/stat.h>

/* Takes flock()'s exclusive lock, which flock(fd, LOCK_UN) gives back, of a file or a folder.
 * Programs start together and hold it for microseconds: false after two seconds. */
bool shared_file_lock(int fd) CHECKED;

/* NULL: a plain file of this user that nobody else can write or read; or what is wrong with it, and
 * nothing may be mapped. Its size is the caller's to judge, by *st_out. */
const char *shared_file_distrust(int fd, struct stat *st_out) CHECKED;

#endif
