/* health.c -- what is looked at, and how it is told. */
#include "health.h"

#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 1000u
#define DISKS   8u

struct health_values {
	const char *disks;
	int64_t     free_mb;
};
static struct health_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(health_values, disks, "SCRIBE_DISK_DIRS",
                .help = "folders, at most 8, on whose disks there must be room to be ready"),
	CFG_KEY_INT(health_values, free_mb, "SCRIBE_DISK_FREE_MB", .fallback = "100", .min = 0,
                .max = 1000000000, .help = "MB that must be free on each of these"),
};
const struct cfg_group health_settings = {"Health", &values, keys, COUNT(keys)};

static struct {
	struct health_of of;
	struct span      disks[DISKS];
	int              fds[DISKS]; /* whoever the process becomes may not reach the folder */
	size_t           disks_n;
} office;

enum health health_asked(const char *path)
{
	if (str_equal(path, "/livez"))
		return HEALTH_LIVE;
	return str_equal(path, "/readyz") ? HEALTH_READY : HEALTH_NOT_ASKED;
}

static int open_disk(struct span dir)
{
	char path[4096];
	int  fd = -1;

	if (office.disks_n < DISKS && dir.len < sizeof(path)) {
		snprintf(path, sizeof(path), "%.*s", (int)dir.len, dir.ptr);
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0) {
		fprintf(stderr, "SCRIBE_DISK_DIRS: %.*s: %s\n", (int)dir.len, dir.ptr,
		        office.disks_n < DISKS ? strerror(errno) : "these are too many");
		return 1;
	}
	office.disks[office.disks_n] = dir;
	office.fds[office.disks_n++] = fd;
	return 0;
}

int health_start(const struct health_of *of)
{
	struct span rest = span_of(values.disks ? values.disks : ""), dir;
	int         problems = 0;

	office.of = *of;
	while (cfg_next_item(&rest, &dir))
		problems += open_disk(dir);
	return problems;
}

void health_disks(void (*fn)(struct span dir, const struct statvfs *disk, void *data), void *data)
{
	struct statvfs disk;

	for (size_t i = 0; i < office.disks_n; i++)
		if (fstatvfs(office.fds[i], &disk) == 0)
			fn(office.disks[i], &disk, data);
}

/* ---- what is looked at: NULL where it is well, else what is amiss ---- */

struct look {
	struct ctx *cx;
	const char *programs;
	bool        is_asked, is_current; /* the database was, and said that its schema is */
};

static const char *loop_amiss(struct look *k)
{
	(void)k;
	return office.of.engines && !office.of.engines->is_beating()
	           ? "the loop of outside calls stands still"
	           : NULL;
}

static const char *database_amiss(struct look *k)
{
	struct err *e = schema_is_current(k->cx, &k->is_current);

	k->is_asked = !e;
	return e ? e->detail : NULL;
}

static const char *migrations_amiss(struct look *k)
{
	if (!k->is_asked)
		return "not known without the database";
	return k->is_current
	           ? NULL
	           : arena_printf(k->cx->arena, "%s is not deployed: scripts/migrate", schema_change);
}

static const char *models_amiss(struct look *k)
{
	const char *engine =
		office.of.engines ? office.of.engines->lacking(office.of.chains, office.of.chains_n) : NULL;

	return engine ? arena_printf(k->cx->arena, "%s could not load its model", engine) : NULL;
}

static const char *disk_amiss(struct look *k)
{
	struct statvfs disk;

	for (size_t i = 0; i < office.disks_n; i++) {
		uint64_t free_mb = 0;

		if (fstatvfs(office.fds[i], &disk) == 0)
			free_mb = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
		if (free_mb < (uint64_t)values.free_mb)
			return arena_printf(k->cx->arena, "%.*s: %llu MB are free", (int)office.disks[i].len,
			                    office.disks[i].ptr, (unsigned long long)free_mb);
	}
	return NULL;
}

struct wanted {
	struct span program;
	uint64_t    now_ms;
	bool        is_there, is_sound;
};

static void look_at_process(const struct metric_process *p, void *data)
{
	struct wanted *w = data;

	if (!span_equal(w->program, span_of(p->program)))
		return;
	w->is_there = true;
	w->is_sound |= p->sound_ms && !metrics_hangs(p, w->now_ms);
}

static const char *programs_amiss(struct look *k)
{
	struct span rest = span_of(k->programs ? k->programs : "");
	struct buf  out = buf_new(k->cx->arena, 0);

	for (struct wanted w = {.now_ms = clock_mono_ms()}; cfg_next_item(&rest, &w.program);) {
		w.is_there = w.is_sound = false;
		metrics_processes(look_at_process, &w);
		if (!w.is_sound)
			buf_printf(&out, "%s%.*s %s", out.len ? ", " : "", (int)w.program.len, w.program.ptr,
			           w.is_there ? "hangs" : "does not run");
	}
	return out.len ? buf_text(&out) : NULL;
}

static const struct {
	const char *name;
	bool        is_of_life;
	const char *(*amiss)(struct look *k);
} looks[] = {
	{"loop", true, loop_amiss},
	{"database", false, database_amiss},
	{"migrations", false, migrations_amiss},
	{"models", false, models_amiss},
	{"disk", false, disk_amiss},
	{"programs", false, programs_amiss},
};

void health_beat(uint64_t now_ms)
{
	if (!loop_amiss(NULL))
		metrics_sound(now_ms);
}

/* ---- the answer ---- */

/* Fills amiss[], one for each look; true where all is well. */
static bool look_at_all(struct look *k, enum health what, const char *amiss[])
{
	bool is_well = true;

	for (size_t i = 0; i < COUNT(looks); i++) {
		if (what != HEALTH_READY && !looks[i].is_of_life)
			continue;
		amiss[i] = looks[i].amiss(k);
		if (!amiss[i])
			continue;
		is_well = false;
		LOG(LOG_WARN, k->cx, "not_healthy", F_STR("check", looks[i].name),
		    F_STR("detail", amiss[i]));
	}
	return is_well;
}

static void tell_amiss(struct json_out *j, const char *name, const char *const amiss[])
{
	json_str(j, "name", name);
	json_obj(j, "amiss");
	for (size_t i = 0; i < COUNT(looks); i++)
		if (amiss[i])
			json_str(j, looks[i].name, amiss[i]);
	json_end(j);
}

struct err *health_look(struct ctx *cx, const struct health_question *q, bool *is_well_out,
                        struct span *json_out)
{
	struct look      k = {.cx = cx, .programs = q->programs};
	const char      *amiss[COUNT(looks)] = {NULL};
	struct json_out *j = json_new(cx->arena, 0);

	cx->deadline = deadline_in(LOOK_MS);
	*is_well_out = look_at_all(&k, q->what, amiss);
	json_obj(j, NULL);
	json_str(j, "status", *is_well_out ? "ok" : "down");
	if (q->is_inside)
		tell_amiss(j, q->programs && *q->programs ? "host" : office.of.name, amiss);
	json_end(j);
	return json_finish(cx, j, json_out);
}
