/* object_bytes.h -- the bytes of objects where they are for good: on the disk of this host, or in a
 * bucket of Amazon's S3 or of a server that speaks as it does (STORAGE_S3_URL).
 *
 * With a bucket the files of store/object_files.h are what was written or read of late: nginx
 * gives them away as ever, and what has not been asked for in an hour goes from the disk. What
 * comes is on the disk first, then in the bucket, before a row tells of it; a file that no row
 * tells of takes its bytes in the bucket along. Files from the time before the bucket move there,
 * an hour after they were used, some at a time.
 *
 * A bucket that is away is ERR_UNAVAILABLE after BUCKET_MS at the most; what is on the disk is
 * still read. Not inside a transaction. Thread-safe. */
#ifndef OBJECT_BYTES_H
#define OBJECT_BYTES_H

#include "../store/jobs.h"
#include "../store/object_files.h"

extern const struct cfg_group bucket_settings;
#define OBJECT_SETTINGS &storage_settings, &bucket_settings

/* With the settings loaded: how many problems there are, each told on stderr. */
int object_bytes_check(void) CHECKED;

/* Keeps them under a new version. 507 where the disk takes no more. What is left behind a failure
 * is what no row tells of. */
struct err *object_bytes_keep(struct ctx *cx, struct span bytes, struct object_file *out) CHECKED;

/* The same for the bytes of another, of that etag; size and etag of *out stay. Otherwise as
 * object_bytes_fetch. */
struct err *object_bytes_copy(struct ctx *cx, const char *from_version, const char *etag,
                              struct object_file *out) CHECKED;

/* Has the file on the disk, for nginx. ERR_NOT_FOUND: there are no such bytes; what a bucket gives
 * that has another etag is as if it was away. */
struct err *object_bytes_fetch(struct ctx *cx, const char *version, const char *etag) CHECKED;

/* They are nowhere any more; false: they could not be removed. What was not there is fine. */
bool object_bytes_remove(struct ctx *cx, const char *version) CHECKED;

/* Removes what no row tells of, and from the disk what is in the bucket and nobody reads.
 * *removed_out is how many files went. */
struct err *object_bytes_sweep(struct ctx *cx, struct job *job, int64_t *removed_out) CHECKED;

#endif
