/* object_files.c -- files, and nothing of the table that tells of them. */
#include "object_files.h"

#include "../base/str.h"
#include "../base/temp_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGUN       "begun" /* the folder of what is not whole yet */
#define PLACE_MAX   256u    /* characters of a path below the folder of all */
#define FOLDERS     256u
#define FOLDER_MAX  10000u /* files of a folder that one sweep looks at */
#define OLD_S       3600
#define FOLDER_MODE 0750 /* nginx may read, by its group */
#define FILE_MODE   0640
#define MARKED_MODE 0440 /* its bytes are elsewhere, too */
#define FRESH_S     1800 /* used so lately that it need not be said again */

static struct storage_values {
	const char *dir;
	int64_t     bytes_max, person_bytes_max;
	bool        keeps_audio;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_BOOL(storage_values, keeps_audio, "SCRIBE_KEEP_AUDIO", .fallback = "0",
                 .help = "1: recordings and spoken replies of visitors who agreed are kept"),
	CFG_KEY_INT(storage_values, bytes_max, "STORAGE_BYTES_MAX", .fallback = "10737418240", .min = 0,
                .help = "bytes of all files together; what comes beyond is refused"),
	CFG_KEY_STR(storage_values, dir, "STORAGE_DIR",
                .help =
                    "folder of the files' bytes, an absolute path; scripts/stack gives its own"),
	CFG_KEY_INT(storage_values, person_bytes_max, "STORAGE_PERSON_BYTES_MAX",
                .fallback = "1073741824", .min = 0, .help = "bytes of the files of one person"),
};
const struct cfg_group storage_settings = {"Files", &values, keys, COUNT(keys)};

int64_t storage_bytes_max(void)
{
	return values.bytes_max;
}

int64_t storage_person_bytes_max(void)
{
	return values.person_bytes_max;
}

bool object_files_have_place(void)
{
	return values.dir && *values.dir;
}

const char *object_files_begun_folder(void)
{
	static char folder[PATH_MAX];

	if (!object_files_have_place())
		return NULL;
	snprintf(folder, sizeof(folder), "%s/" BEGUN, values.dir);
	return mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST ? folder : NULL;
}

bool storage_keeps_audio(void)
{
	return values.keeps_audio && object_files_have_place();
}

static struct err *failed(struct ctx *cx, const char *what)
{
	int why = errno;

	if (why == ENOSPC || why == EDQUOT || why == EFBIG)
		FAIL_WORDED(cx, ERR_UNAVAILABLE, .status = 507, .code = "insufficient_storage",
		            .text = "There is no room for this file.");
	FAIL(cx, ERR_INTERNAL, "%s: %s", what, strerror(why));
}

static void close_file(void *data)
{
	close((int)(intptr_t)data);
}

/* The folder of all, open until the work ends. */
static struct err *open_all(struct ctx *cx, int *out)
{
	if (!object_files_have_place())
		FAIL(cx, ERR_INTERNAL, "STORAGE_DIR is not set");
	*out = open(values.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out < 0)
		return failed(cx, "STORAGE_DIR");
	arena_defer(cx->arena, close_file,
	            (void *)(intptr_t)*out); // NOLINT(performance-no-int-to-ptr)
	return NULL;
}

/* A place in `to`, of PLACE_MAX. */
static void place_of(const char *version, char *to)
{
	snprintf(to, PLACE_MAX, "%.2s/%s", version, version);
}

static void begun_place(const char *version, char *to)
{
	snprintf(to, PLACE_MAX, BEGUN "/%s", version);
}

const char *object_file_place(struct ctx *cx, const char *version)
{
	char place[PLACE_MAX];

	place_of(version, place);
	return arena_strdup(cx->arena, place);
}

/* What was done in a folder is on the disk only when the folder is. */
static bool sync_folder(int all, const char *name)
{
	int  fd = openat(all, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return is_done;
}

static bool make_folder(int all, const char *name)
{
	if (mkdirat(all, name, FOLDER_MODE) == 0)
		return fsync(all) == 0;
	return errno == EEXIST;
}

static bool write_begun(int all, const char *begun, mode_t mode, struct span bytes)
{
	int  fd = openat(all, begun, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool is_done = fd >= 0 && temp_file_write(fd, bytes) && fsync(fd) == 0;
	int  why = errno;

	if (fd >= 0 && close(fd) != 0)
		is_done = false;
	else
		errno = why;
	return is_done;
}

static bool become(int all, const char *version, const char *begun)
{
	char place[PLACE_MAX], folder[3] = {version[0], version[1], '\0'};

	place_of(version, place);
	return make_folder(all, folder) && renameat(all, begun, all, place) == 0 &&
	       sync_folder(all, folder);
}

static struct err *make_file(struct ctx *cx, const char *version, mode_t mode, struct span bytes)
{
	char        begun[PLACE_MAX], name[CRYPTO_UUID_CHARS + 1];
	struct err *e;
	int         all;

	TRY(open_all(cx, &all));
	crypto_uuid(name);
	begun_place(name, begun);
	if (make_folder(all, BEGUN) && write_begun(all, begun, mode, bytes) &&
	    become(all, version, begun))
		return NULL;
	e = failed(cx, "a file can not be written");
	unlinkat(all, begun, 0);
	return e;
}

static const char *etag_of(struct ctx *cx, struct span bytes)
{
	struct hash hash = HASH("object", bytes);
	struct buf  etag = buf_new(cx->arena, 0);

	buf_hex(&etag, hash.bytes, sizeof(hash.bytes));
	return buf_text(&etag);
}

bool object_bytes_are(struct ctx *cx, struct span bytes, const char *etag)
{
	return str_equal(etag_of(cx, bytes), etag);
}

struct err *object_file_write(struct ctx *cx, struct span bytes, struct object_file *out)
{
	crypto_uuid(out->version);
	out->size = bytes.len;
	snprintf(out->etag, sizeof(out->etag), "%s", etag_of(cx, bytes));
	return make_file(cx, out->version, FILE_MODE, bytes);
}

struct err *object_file_bring(struct ctx *cx, const char *version, struct span bytes)
{
	return make_file(cx, version, MARKED_MODE, bytes);
}

static bool read_whole(int fd, char *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, to + at, len - at);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

struct err *object_file_read(struct ctx *cx, const char *version, struct span *out)
{
	char        place[PLACE_MAX], *bytes;
	struct stat st;
	int         all, fd;

	TRY(open_all(cx, &all));
	place_of(version, place);
	fd = openat(all, place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		FAIL(cx, ERR_NOT_FOUND, "the bytes of %s are not here", version);
	if (fd < 0)
		return failed(cx, "a file can not be opened");
	arena_defer(cx->arena, close_file,
	            (void *)(intptr_t)fd); // NOLINT(performance-no-int-to-ptr)
	if (fstat(fd, &st) != 0)
		return failed(cx, "a file can not be looked at");
	if ((size_t)st.st_size > OBJECT_FILE_MAX)
		FAIL(cx, ERR_INTERNAL, "the file of %s is larger than any", version);
	bytes = arena_alloc(cx->arena, (size_t)st.st_size + 1);
	if (!read_whole(fd, bytes, (size_t)st.st_size))
		return failed(cx, "a file can not be read");
	*out = (struct span){bytes, (size_t)st.st_size};
	return NULL;
}

struct err *object_file_mark(struct ctx *cx, const char *version)
{
	char place[PLACE_MAX];
	int  all;

	TRY(open_all(cx, &all));
	place_of(version, place);
	return fchmodat(all, place, MARKED_MODE, 0) == 0 ? NULL
	                                                 : failed(cx, "a file can not be marked");
}

/* To set its mode as it is tells that it was used, as a sweep sees it. */
bool object_file_is_here(const char *version)
{
	char        path[PATH_MAX];
	struct stat st;

	if (!object_files_have_place())
		return false;
	snprintf(path, sizeof(path), "%s/%.2s/%s", values.dir, version, version);
	if (lstat(path, &st) != 0)
		return false;
	if (st.st_ctime < time(NULL) - FRESH_S)
		(void)!chmod(path, st.st_mode & ALLPERMS);
	return true;
}

struct err *object_file_link(struct ctx *cx, const char *from_version, struct object_file *out)
{
	char from[PLACE_MAX], to[PLACE_MAX], folder[3];
	int  all;

	TRY(open_all(cx, &all));
	crypto_uuid(out->version);
	snprintf(folder, sizeof(folder), "%.2s", out->version);
	place_of(from_version, from);
	place_of(out->version, to);
	if (make_folder(all, folder) && linkat(all, from, all, to, 0) == 0 && sync_folder(all, folder))
		return NULL;
	if (errno == ENOENT)
		FAIL(cx, ERR_NOT_FOUND, "the bytes of %s are not there", from_version);
	return failed(cx, "a file can not be linked");
}

bool object_file_remove(const char *version)
{
	char place[PLACE_MAX];
	int all = object_files_have_place() ? open(values.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool is_gone;

	if (all < 0)
		return false;
	place_of(version, place);
	is_gone = unlinkat(all, place, 0) == 0 || errno == ENOENT;
	close(all);
	return is_gone;
}

/* ---- what is left over ---- */

static void close_listing(void *data)
{
	closedir(data);
}

/* Since it has that name or was used: a second name of older bytes is new. */
static bool is_old(DIR *folder, const char *name, bool *marked_out)
{
	struct stat st;

	if (fstatat(dirfd(folder), name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return false;
	*marked_out = st.st_nlink == 1 && (st.st_mode & S_IWUSR) == 0;
	return st.st_ctime < time(NULL) - OLD_S;
}

/* NULL: there is no such folder. */
static DIR *list_folder(struct ctx *cx, int all, const char *name)
{
	int  fd = openat(all, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder)
		close(fd);
	if (folder)
		arena_defer(cx->arena, close_listing, folder);
	return folder;
}

static int64_t sweep_begun(struct ctx *cx, int all)
{
	DIR           *folder = list_folder(cx, all, BEGUN);
	struct dirent *entry;
	int64_t        n = 0;
	bool           is_marked;

	while (folder && (entry = readdir(folder)))
		if (is_old(folder, entry->d_name, &is_marked) &&
		    unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			n++;
	return n;
}

static void list_old(struct ctx *cx, DIR *folder, struct object_files *files)
{
	struct dirent *entry;

	files->versions = NEW_ARRAY(cx->arena, const char *, FOLDER_MAX);
	files->gone = NEW_ARRAY(cx->arena, bool, FOLDER_MAX);
	files->marked = NEW_ARRAY(cx->arena, bool, FOLDER_MAX);
	while (files->n < FOLDER_MAX && (entry = readdir(folder)))
		if (str_is_uuid(entry->d_name) && is_old(folder, entry->d_name, &files->marked[files->n]))
			files->versions[files->n++] = arena_strdup(cx->arena, entry->d_name);
}

/* What somebody came to use meanwhile stays. */
static struct err *sweep_folder(struct ctx *cx, DIR *folder,
                                struct err *(*fn)(struct ctx *cx, struct object_files *files),
                                void *data, int64_t *removed)
{
	struct object_files *files = NEW(cx->arena, struct object_files);
	bool                 is_marked;

	files->data = data;
	list_old(cx, folder, files);
	if (files->n)
		TRY(fn(cx, files));
	for (size_t i = 0; i < files->n; i++)
		if (files->gone[i] && is_old(folder, files->versions[i], &is_marked) &&
		    unlinkat(dirfd(folder), files->versions[i], 0) == 0)
			++*removed;
	return NULL;
}

struct err *object_files_sweep(struct ctx *cx,
                               struct err *(*fn)(struct ctx *cx, struct object_files *files),
                               void *data, int64_t *removed_out)
{
	char name[3];
	int  all;

	TRY(open_all(cx, &all));
	*removed_out = sweep_begun(cx, all);
	for (unsigned i = 0; i < FOLDERS; i++) {
		DIR *folder;

		snprintf(name, sizeof(name), "%02x", i);
		folder = list_folder(cx, all, name);
		if (folder)
			TRY(sweep_folder(cx, folder, fn, data, removed_out));
	}
	return NULL;
}
