/* object_files.h -- the bytes of objects, on the disk of this host.
 *
 * A file is named by its version, a UUID of ours, and stands in a folder of its first two digits.
 * It is whole or not there: written beside, brought to the disk, then renamed, before a row tells
 * of it. A file that no row tells of (whoever wrote it ended in between) goes an hour later.
 *
 * Where the bytes have another place for good (work/object_bytes.h), files here are what was
 * written or read of late. One whose bytes are there too may be read only, by its mode: the mark
 * is the file's own, so that it can not outlive it. A second name shares it, and tells nothing. */
#ifndef OBJECT_FILES_H
#define OBJECT_FILES_H

#include "../base/cfg.h"
#include "../base/crypto.h"
#include "../base/ctx.h"

/* Of one file; a list for export is the largest there may be. */
#define OBJECT_FILE_MAX ((size_t)64 << 20)

extern const struct cfg_group storage_settings;

/* Bounds for all objects and for those of one person, in bytes. */
int64_t storage_bytes_max(void);
int64_t storage_person_bytes_max(void);

/* Is there a folder for them (STORAGE_DIR)? */
bool object_files_have_place(void);

/* A folder beside them for bytes that are still coming, swept with them. Made where it is not
 * there; NULL: there is none. Once, before threads. */
const char *object_files_begun_folder(void);

/* Are recordings and replies of visitors who agreed kept (SCRIBE_KEEP_AUDIO)? Never without a
 * place. */
bool storage_keeps_audio(void);

#define OBJECT_ETAG_CHARS 64

struct object_file {
	char   version[CRYPTO_UUID_CHARS + 1];
	char   etag[OBJECT_ETAG_CHARS + 1]; /* of its bytes */
	size_t size;
};

/* Writes a new file. 507 where the disk takes no more; nothing is left of it then. */
struct err *object_file_write(struct ctx *cx, struct span bytes, struct object_file *out) CHECKED;

/* All of its bytes, in the arena. ERR_NOT_FOUND: they are not here. */
struct err *object_file_read(struct ctx *cx, const char *version, struct span *out) CHECKED;

/* Are these the bytes of that etag? */
bool object_bytes_are(struct ctx *cx, struct span bytes, const char *etag) CHECKED;

/* Makes the file of a version anew from bytes that come from elsewhere, marked so. Who does it at
 * the same time makes the same. */
struct err *object_file_bring(struct ctx *cx, const char *version, struct span bytes) CHECKED;

/* Its bytes are elsewhere, too. */
struct err *object_file_mark(struct ctx *cx, const char *version) CHECKED;

/* Is it here? It was used now, then, and no sweep takes it for an hour. */
bool object_file_is_here(const char *version) CHECKED;

/* A second name for the bytes of another. ERR_NOT_FOUND: they are not there. */
struct err *object_file_link(struct ctx *cx, const char *from_version,
                             struct object_file *out) CHECKED;

/* Its place below the folder of all, "ab/ab12...". */
const char *object_file_place(struct ctx *cx, const char *version) NEVER_NULL;

/* It is not there any more; false: it could not be removed. One that was not there is fine. */
bool object_file_remove(const char *version) CHECKED;

/* Files that nobody used for an hour: calls fn with the versions of up to 10 000 of each folder,
 * and removes those whose place in `gone` it sets. Ones that were begun and never became any go
 * without being asked for. *removed_out is how many went. */
struct object_files {
	const char **versions;
	bool        *gone;
	bool        *marked; /* the bytes are elsewhere, too */
	size_t       n;
	void        *data; /* the caller's */
};
struct err *object_files_sweep(struct ctx *cx,
                               struct err *(*fn)(struct ctx *cx, struct object_files *files),
                               void *data, int64_t *removed_out) CHECKED;

#endif
