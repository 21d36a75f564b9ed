/* metric_file.c -- opening, making and sharing the file; claiming names and places in it.
 *
 * Its name ends in a mark of the list, so that two versions that differ in it (a reload) do not
 * write over each other. What is there and not ours is never mended: a new file takes its name,
 * and who has the old one mapped goes on with that, seen by nobody. */
#include "metric_file.h"

#include "log.h"
#include "shared_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(ATOMIC_LONG_LOCK_FREE == 2 && sizeof(long) == 8,
               "words in shared memory must need no lock");

#define MAGIC      "scribe metrics 1"
#define PATH_BYTES 4096
#define MARK_CHARS 16u

#define X(set, label, most) \
	_Static_assert((most) <= SIZE_names_most, "a set has no more names than there is room for");
METRIC_NAMED(X)
#undef X

static struct metric_table private_table;
struct metric_file metric_file = {&private_table, &private_table.places[0], .own = 0, .program = 0,
                                  .fd = -1};
static pthread_mutex_t claims = PTHREAD_MUTEX_INITIALIZER;

static const unsigned names_max[] = {
#define X(set, label, most) [NAMES_##set] = (most),
	METRIC_NAMED(X)
#undef X
};

/* ---- the mark ---- */

static uint64_t mark_on(uint64_t mark, const char *text)
{
	for (; *text; text++)
		mark = (mark ^ (unsigned char)*text) * 0x100000001b3u;
	return (mark ^ 0xff) * 0x100000001b3u;
}

#define TEXT_(...) #__VA_ARGS__
#define TEXT(...)  TEXT_(__VA_ARGS__)

/* Of names, shapes and bounds: two lists with the same mark have the same numbers in the same
 * places. */
static uint64_t mark_of_list(void)
{
	static const char *const parts[] = {
#define X(name, type, own, a, b, text, help) text " " #type " " #own " " #a " " #b,
		METRICS(X)
#undef X
#define X(name, text, help) text,
			METRIC_GAUGES(X)
#undef X
#define X(set, label, values) #set " " TEXT(values(WORD)),
#define WORD(word, ...)       word
				METRIC_SETS(X)
#undef X
#undef WORD
					TEXT(METRIC_BOUNDS_US),
	};
	uint64_t mark = 0xcbf29ce484222325u ^ sizeof(struct metric_table);

	for (size_t i = 0; i < COUNT(parts); i++)
		mark = mark_on(mark, parts[i]);
	return mark;
}

/* ---- the file ---- */

static bool names_are_sound(struct metric_table *t)
{
	for (unsigned set = 0; set < NAMES_N; set++) {
		if (atomic_load(&t->head.names_n[set]) > names_max[set] ||
		    !atomic_load(&t->head.names_n[set]))
			return false;
		for (unsigned i = 0; i < names_max[set]; i++)
			if (!memchr(t->head.names[set][i], '\0', METRIC_NAME_BYTES))
				return false;
	}
	return true;
}

static const char *fill(int fd, uint64_t mark)
{
	struct metric_head head = {.magic = MAGIC, .list = mark};
	int                failed = posix_fallocate(fd, 0, sizeof(struct metric_table));

	for (unsigned set = 0; set < NAMES_N; set++) {
		atomic_store(&head.names_n[set], 1);
		memcpy(head.names[set][0], "other", sizeof("other"));
	}
	if (failed)
		return strerror(failed);
	return pwrite(fd, &head, sizeof(head), 0) == sizeof(head) ? NULL : "it can not be written";
}

/* A new one, whole before it has the name. The room for it is really there: a full disk must not
 * end a process that counts. */
static const char *make_anew(const char *path, uint64_t mark)
{
	char        fresh[PATH_BYTES];
	const char *problem;
	int         fd;

	if (snprintf(fresh, sizeof(fresh), "%s.%ld", path, (long)getpid()) >= (int)sizeof(fresh))
		return "its name is too long";
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return strerror(errno);
	problem = fill(fd, mark);
	if (!problem && rename(fresh, path) != 0)
		problem = strerror(errno);
	if (problem)
		unlink(fresh);
	close(fd);
	return problem;
}

/* NULL and *out mapped; or what is wrong with it. */
static const char *map_file(int fd, uint64_t mark, struct metric_table **out)
{
	struct stat          st;
	const char          *problem;
	struct metric_table *t;

	problem = shared_file_distrust(fd, &st);
	if (problem)
		return problem;
	if ((size_t)st.st_size != sizeof(*t))
		return "it has another size";
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED)
		return strerror(errno);
	if (strncmp(t->head.magic, MAGIC, sizeof(t->head.magic)) == 0 && t->head.list == mark &&
	    names_are_sound(t)) {
		*out = t;
		return NULL;
	}
	munmap(t, sizeof(*t));
	return "its content is not ours";
}

/* What is there; *is_absent_out: nothing is. */
static const char *use(const char *path, uint64_t mark, bool *is_absent_out)
{
	int         fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *problem;

	*is_absent_out = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return strerror(errno);
	problem = map_file(fd, mark, &metric_file.table);
	if (problem)
		close(fd);
	else
		metric_file.fd = fd;
	return problem;
}

/* With its folder locked: of two who make it, one would be alone with what it made. */
static const char *use_or_make(const char *path, uint64_t mark)
{
	bool        is_absent;
	const char *problem = use(path, mark, &is_absent);

	if (!problem)
		return NULL;
	if (!is_absent)
		LOG(LOG_WARN, NULL, "metrics_made_anew", F_STR("path", path), F_STR("detail", problem));
	problem = make_anew(path, mark);
	return problem ? problem : use(path, mark, &is_absent);
}

static const char *open_file(const char *path)
{
	char        folder[PATH_BYTES], marked[PATH_BYTES];
	const char *slash = strrchr(path, '/'), *problem;
	uint64_t    mark = mark_of_list();
	int         fd;

	if (strlen(path) + MARK_CHARS + 2 > sizeof(marked) || !slash)
		return "no absolute path, or one too long";
	snprintf(folder, sizeof(folder), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	snprintf(marked, sizeof(marked), "%s.%016llx", path, (unsigned long long)mark);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	problem = shared_file_lock(fd) ? use_or_make(marked, mark) : "somebody keeps its folder locked";
	close(fd);
	return problem;
}

/* ---- names ---- */

const char *metric_file_name(enum metric_names set, unsigned i)
{
	struct metric_table *t = metric_file.table;
	unsigned             n = atomic_load_explicit(&t->head.names_n[set], memory_order_acquire);

	if (i == 0)
		return "other";
	return i < n && i < names_max[set] && memchr(t->head.names[set][i], '\0', METRIC_NAME_BYTES)
	           ? t->head.names[set][i]
	           : "";
}

unsigned metric_file_find(enum metric_names set, const char *name)
{
	for (unsigned i = 1; i < names_max[set]; i++)
		if (*name && str_equal(metric_file_name(set, i), name))
			return i;
	return 0;
}

/* With the lock held. */
static unsigned find_or_claim(enum metric_names set, const char *name)
{
	struct metric_table *t = metric_file.table;
	unsigned found = metric_file_find(set, name), n = atomic_load(&t->head.names_n[set]);

	if (found || n >= names_max[set])
		return found;
	n = n ? n : 1;
	snprintf(t->head.names[set][n], METRIC_NAME_BYTES, "%s", name);
	atomic_store_explicit(&t->head.names_n[set], n + 1, memory_order_release);
	return n;
}

unsigned metrics_name(enum metric_names set, const char *name)
{
	unsigned found = metric_file_find(set, name);

	assert(*name && strlen(name) < METRIC_NAME_BYTES);
	if (found)
		return found;
	pthread_mutex_lock(&claims);
	if (metric_file.fd < 0) {
		found = find_or_claim(set, name);
	} else if (shared_file_lock(metric_file.fd)) {
		found = find_or_claim(set, name);
		flock(metric_file.fd, LOCK_UN);
	}
	pthread_mutex_unlock(&claims);
	return found;
}

/* ---- places ---- */

static bool try_place(unsigned i)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};

	return fcntl(metric_file.fd, F_OFD_SETLK, &lock) == 0;
}

bool metric_file_is_alive(unsigned place)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};

	if (metric_file.place == &metric_file.table->places[place])
		return true;
	return metric_file.fd >= 0 && fcntl(metric_file.fd, F_OFD_GETLK, &lock) == 0 &&
	       lock.l_type != F_UNLCK;
}

/* Who finds none has one that nobody sees. */
static void take_place(void)
{
	for (unsigned i = 0; metric_file.fd >= 0 && i < METRIC_PLACES; i++)
		if (try_place(i)) {
			metric_file.own = i;
			metric_file.place = &metric_file.table->places[i];
			break;
		}
	for (unsigned g = 0; g < GAUGES_N; g++)
		atomic_store(&metric_file.place->gauges[g], 0);
	atomic_store(&metric_file.place->sound_ms, 0);
	atomic_store(&metric_file.place->pid, (int)getpid());
	atomic_store(&metric_file.place->program, metric_file.program);
}

/* ---- start and end ---- */

void metrics_start(const char *path, const char *program)
{
	const char *problem = path ? open_file(path) : NULL;

	if (problem)
		LOG(LOG_WARN, NULL, "metrics_not_shared", F_STR("path", path), F_STR("detail", problem));
	metric_file.program = metrics_name(NAMES_program, program);
	take_place();
}

/* What is counted behind this goes nowhere. */
void metrics_stop(void)
{
	struct metric_file was = metric_file;

	metric_file =
		(struct metric_file){&private_table, &private_table.places[0], .own = 0, .fd = -1};
	if (was.fd < 0)
		return;
	munmap(was.table, sizeof(*was.table));
	close(was.fd);
}
