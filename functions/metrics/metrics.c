/* metrics -- what the programs of this host counted, for Prometheus.
 *
 * GET -> text: all that is in metric_list.h, breakers, memory of processes, what providers cost,
 *        disks, backups, and what there is in the database
 *
 * Served on the operators' socket only. What is counted here needs nobody; the database is asked
 * for the rest within DATABASE_MS, and without it the others are told all the same. */
#include "../../common/base/log.h"
#include "../../common/base/metrics.h"
#include "../../common/call/breaker.h"
#include "../../common/engines/prices.h"
#include "../../common/store/stock.h"
#include "../../common/web/health.h"
#include "../../common/web/service.h"
#include "backups.h"
#include "nginx_failures.h"

#include <unistd.h>

#define DEADLINE_MS 5000u
#define DATABASE_MS 1000u
#define TEXT_MAX    ((size_t)4 << 20)
#define TEXT_TYPE   "text/plain; version=0.0.4; charset=utf-8"

/* ---- breakers ---- */

static void write_breaker(const char *name, enum breaker_state state, void *data)
{
	buf_printf(data, "scribe_breaker_state{breaker=\"%s\"} %d\n", name, (int)state);
}

static void write_breakers(struct buf *out)
{
	metrics_write_head(
		out, "scribe_breaker_state", "gauge",
		"Of a provider's operation (llm.groq.reply), account or refusals (denied.groq): "
		"0 it is asked, 1 it is left alone, 2 one call tries whether it is back.");
	breaker_each(clock_mono_ms(), write_breaker, out);
}

/* ---- processes ---- */

struct resident {
	struct buf *out;
	size_t      page;
};

/* Of a process that has just ended there is no file. */
static void write_resident(const struct metric_process *p, void *data)
{
	struct resident *r = data;
	char             path[64];
	char             line[128], *second;
	FILE            *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", p->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	second = fgets(line, sizeof(line), file) ? strchr(line, ' ') : NULL;
	if (second)
		buf_printf(r->out, "scribe_process_resident_bytes{program=\"%s\",pid=\"%d\"} %lu\n",
		           p->program, p->pid, strtoul(second, NULL, 10) * r->page);
	fclose(file);
}

static void write_memory(struct buf *out)
{
	struct resident r = {out, (size_t)sysconf(_SC_PAGESIZE)};

	metrics_write_head(out, "scribe_process_resident_bytes", "gauge",
	                   "Memory of each process that lives, of pages shared with others too.");
	metrics_processes(write_resident, &r);
}

/* ---- disks ---- */

static uint64_t free_bytes(const struct statvfs *disk)
{
	return (uint64_t)disk->f_bavail * disk->f_frsize;
}

static uint64_t all_bytes(const struct statvfs *disk)
{
	return (uint64_t)disk->f_blocks * disk->f_frsize;
}

static const struct {
	const char *name, *help;
	uint64_t (*of)(const struct statvfs *disk);
} disk_sizes[] = {
	{"scribe_disk_free_bytes",
     "Room on the disk of a folder of SCRIBE_DISK_DIRS, or of SCRIBE_BACKUP_DIR.", free_bytes},
	{"scribe_disk_bytes", "All of that disk, used or not.", all_bytes},
};

struct disk_out {
	struct buf *out;
	size_t      i; /* of disk_sizes */
};

static void write_disk(struct span dir, const struct statvfs *disk, void *data)
{
	struct disk_out *d = data;

	buf_printf(d->out, "%s{dir=\"", disk_sizes[d->i].name);
	for (size_t i = 0; i < dir.len; i++) {
		if (dir.ptr[i] == '"' || dir.ptr[i] == '\\')
			buf_char(d->out, '\\');
		buf_char(d->out, dir.ptr[i]);
	}
	buf_printf(d->out, "\"} %llu\n", (unsigned long long)disk_sizes[d->i].of(disk));
}

static void write_disks(struct buf *out)
{
	struct statvfs backups;
	const char    *dir;
	bool           is_seen = backups_disk(&dir, &backups);

	for (struct disk_out d = {out, 0}; d.i < COUNT(disk_sizes); d.i++) {
		metrics_write_head(out, disk_sizes[d.i].name, "gauge", disk_sizes[d.i].help);
		health_disks(write_disk, &d);
		if (is_seen)
			write_disk(span_of(dir), &backups, &d);
	}
}

/* ---- the database ---- */

static const struct {
	const char *what, *name, *label, *help;
} stocks[] = {
	{"jobs_waiting", "scribe_jobs_waiting", "kind", "Background jobs that are due and wait."},
	{"job_age", "scribe_jobs_oldest_seconds", "kind",
     "How long the oldest due job has waited. Growing: nobody works that kind."},
	{"jobs_dead", "scribe_jobs_dead", "kind",
     "Jobs that failed for good and wait for a person: scripts/jobs."},
	{"leads", "scribe_leads", NULL, "Sessions whose score makes them leads."},
	{"rows", "scribe_table_rows", "table", "Rows of a table, as the planner estimates them."},
	{"bytes", "scribe_database_bytes", NULL, "Size of the database on its disk."},
	{"archiving", "scribe_database_archiving", NULL,
     "1: the database's log is archived; 0: the last try failed, and it fills the database's disk. "
     "Not told where none is archived."},
	{"connections", "scribe_database_connections", NULL, "Connections to it, of all programs."},
	{"connections_max", "scribe_database_connections_max", NULL,
     "As many connections as the database takes."},
};

static void write_stock(struct buf *out, size_t i, const struct stock_line *lines, size_t n)
{
	metrics_write_head(out, stocks[i].name, "gauge", stocks[i].help);
	for (size_t j = 0; j < n; j++) {
		if (!str_equal(lines[j].what, stocks[i].what))
			continue;
		buf_str(out, stocks[i].name);
		if (stocks[i].label)
			buf_printf(out, "{%s=\"%s\"}", stocks[i].label, lines[j].which);
		buf_printf(out, " %.17g\n", lines[j].value);
	}
}

static void write_database(struct ctx *cx, struct buf *out)
{
	struct deadline    whole = cx->deadline;
	struct stock_line *lines = NULL;
	size_t             n = 0;
	struct err        *e;

	cx->deadline = deadline_sooner(whole, deadline_in(DATABASE_MS));
	e = stock_take(cx, &lines, &n);
	cx->deadline = whole;
	if (e)
		log_err(LOG_WARN, cx, "stock_not_taken", e);
	metrics_write_head(out, "scribe_database_up", "gauge",
	                   "1: the database told what is below within a second; 0: it did not.");
	buf_printf(out, "scribe_database_up %d\n", !e);
	for (size_t i = 0; !e && i < COUNT(stocks); i++)
		write_stock(out, i, lines, n);
}

/* ---- the answer ---- */

static struct err *metrics(struct req *rq)
{
	struct ctx *cx = req_ctx(rq);
	struct buf  out = buf_new(cx->arena, TEXT_MAX);

	metrics_write(&out);
	write_breakers(&out);
	write_memory(&out);
	prices_write(&out);
	write_disks(&out);
	backups_write(&out);
	write_database(cx, &out);
	if (out.is_full)
		FAIL(cx, ERR_INTERNAL, "metrics have more than %zu bytes", TEXT_MAX);
	reply_bytes(rq, 200, TEXT_TYPE, buf_span(&out));
	return NULL;
}

static void begin_to_look(void)
{
	backups_open();
	nginx_failures_open();
}

static void end_to_look(void)
{
	nginx_failures_close();
	backups_close();
}

int main(int argc, char **argv)
{
	return service_main(
		argc, argv,
		&(struct service){.name = "metrics",
	                      .for_operators = true,
	                      .methods = METHOD_GET,
	                      .body_max = 1024,
	                      .deadline_ms = DEADLINE_MS,
	                      .threads = 4,
	                      .settings =
	                          (const struct cfg_group *const[]){&price_settings, &backup_settings,
	                                                            &nginx_failure_settings},
	                      .settings_n = 3,
	                      .start = prices_start,
	                      .open = begin_to_look,
	                      .close = end_to_look,
	                      .handle = metrics});
}
