/* temp_file.h -- files without a name, which are gone when their descriptor is closed. */
#ifndef TEMP_FILE_H
#define TEMP_FILE_H

#include "base.h"

/* An empty one on the disk of that folder, or, folder NULL, in memory. For reading and writing; -1:
 * there is none to be had, as errno says. One whose name a killed process left behind stands in the
 * folder under a UUID. */
int temp_file(const char *folder);

/* Writes all of it at the file's place; false: as errno says. */
bool temp_file_write(int fd, struct span bytes) CHECKED;

#endif
