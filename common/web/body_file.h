/* body_file.h -- a body that is in a file, shown as memory that the system may take back at any
 * time: for programs that keep files, so that a large one is not in their memory. */
#ifndef BODY_FILE_H
#define BODY_FILE_H

#include "../base/ctx.h"
#include "serve.h"

/* Reads all there is into a file of the folder that has no name. Behind the bytes is a zero, as
 * behind every body. ERR_TOO_LARGE over max; 507 where the disk takes no more. A disk that fails
 * while it is read ends the process, as for every mapped file. */
struct err *body_file_read(struct ctx *cx, struct transport *t, size_t max, const char *folder,
                           struct span *out) CHECKED;

#endif
