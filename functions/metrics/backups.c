/* backups.c -- a thread that looks at SCRIBE_BACKUP_DIR, and what it saw last.
 *
 * The folder is on another disk, often one of a network, and who looks at such a disk while it
 * hangs hangs with it. So no request does: they tell what this thread saw, and where it has not
 * come back in time, that nothing is seen.
 *
 * A folder that may be there, where this program's user has no way in, is not told of at all: it is
 * no reason to wake anybody.
 *
 * Only what needs no right to read is asked for: that the folder's mark is there (as
 * scripts/lib/backup_place.sh says), how full its disk is, and when a line was last written to the
 * list of whole backups. */
#include "backups.h"

#include "../../common/base/fatal.h"
#include "../../common/base/log.h"
#include "../../common/base/metrics.h"
#include "../../common/base/thread.h"
#include "../../common/base/wait.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)256 << 10)
#define LOOK_MS     5000u
#define STALE_MS    (UINT64_C(4) * LOOK_MS)
#define MARK        "scribe-backups"
#define WHOLE       "whole"

static struct backup_values {
	const char *dir;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(backup_values, dir, "SCRIBE_BACKUP_DIR",
                .help = "where scripts/backup keeps backups; metrics tell how old the last one is"),
};
const struct cfg_group backup_settings = {"Backups", &values, keys, COUNT(keys)};

struct seen {
	uint64_t       at_ms; /* 0: not yet */
	bool           is_there, is_closed;
	int64_t        whole_at; /* seconds since 1970; 0: none was made */
	struct statvfs disk;
};

static struct {
	struct cancel   stop;
	pthread_t       thread;
	pthread_mutex_t lock; /* guards seen */
	struct seen     seen;
} office = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_wanted(void)
{
	return values.dir && *values.dir;
}

/* ---- the thread ---- */

static bool ask(const char *name, struct stat *out)
{
	char path[4096];
	int  n = snprintf(path, sizeof(path), "%s/%s", values.dir, name);

	return n > 0 && (size_t)n < sizeof(path) && stat(path, out) == 0;
}

static void look(void)
{
	struct seen seen = {.is_there = false};
	struct stat file;

	seen.is_there = ask(MARK, &file) && statvfs(values.dir, &seen.disk) == 0;
	seen.is_closed = !seen.is_there && errno == EACCES;
	if (seen.is_closed && !office.seen.is_closed)
		LOG(LOG_WARN, NULL, "backups_not_seen", F_STR("detail", strerror(EACCES)));
	if (seen.is_there && ask(WHOLE, &file))
		seen.whole_at = file.st_mtim.tv_sec;
	seen.at_ms = clock_mono_ms();
	pthread_mutex_lock(&office.lock);
	office.seen = seen;
	pthread_mutex_unlock(&office.lock);
}

static void *keep_looking(void *data)
{
	do
		look();
	while (wait_fds(&office.stop, NULL, 0, deadline_in(LOOK_MS)) != WAIT_CANCELLED);
	return data;
}

void backups_open(void)
{
	if (!is_wanted())
		return;
	cancel_init(&office.stop);
	if (thread_start(&office.thread, STACK_BYTES, keep_looking, NULL) != 0)
		fatal("cannot start the thread for backups");
}

void backups_close(void)
{
	if (!is_wanted())
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
}

/* ---- requests ---- */

/* False before the first look, and where none can be had. */
static bool last_seen(struct seen *out)
{
	pthread_mutex_lock(&office.lock);
	*out = office.seen;
	pthread_mutex_unlock(&office.lock);
	if (!out->at_ms || out->is_closed)
		return false;
	out->is_there &= clock_elapsed_ms(out->at_ms, clock_mono_ms()) < STALE_MS;
	return true;
}

void backups_write(struct buf *out)
{
	struct seen seen;

	if (!is_wanted() || !last_seen(&seen))
		return;
	metrics_write_head(out, "scribe_backup_place_up", "gauge",
	                   "1: the folder of backups is there; 0: its disk is not mounted or hangs.");
	buf_printf(out, "scribe_backup_place_up %d\n", seen.is_there);
	if (!seen.is_there || !seen.whole_at)
		return;
	metrics_write_head(
		out, "scribe_backup_last_timestamp_seconds", "gauge",
		"When the last whole backup came to its end; none was made where this is not "
		"told.");
	buf_printf(out, "scribe_backup_last_timestamp_seconds %lld\n", (long long)seen.whole_at);
}

bool backups_disk(const char **dir_out, struct statvfs *disk_out)
{
	struct seen seen;

	if (!is_wanted() || !last_seen(&seen) || !seen.is_there)
		return false;
	*dir_out = values.dir;
	*disk_out = seen.disk;
	return true;
}
