/* processes.h -- what the tests of decoders ask of processes. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include "unit.h"

#include "../../common/base/ctx.h"
#include "../../common/base/wait.h"

#include <dirent.h>
#include <signal.h>

#define PATIENCE 60000u /* builds under a sanitizer on a busy machine */
#define PIDS_MAX 64u

struct pids {
	pid_t  pid[PIDS_MAX];
	size_t n;
};

struct process {
	char state; /* 0: it is gone */
	int  parent;
};

static inline struct process process_of(pid_t pid)
{
	struct process found = {0, 0};
	char           path[64], line[256] = "";
	FILE          *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return found;
	if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
		(void)!sscanf(strrchr(line, ')') + 1, " %c %d", &found.state, &found.parent);
	fclose(file);
	return found;
}

/* That lives: of one that has ended a line may be left until its parent has seen it. */
static inline bool is_child(pid_t pid, pid_t parent)
{
	struct process found = process_of(pid);

	return found.parent == parent && found.state != 'Z';
}

static inline struct pids children_of(pid_t parent)
{
	struct pids    found = {.n = 0};
	DIR           *all = opendir("/proc");
	struct dirent *entry;

	assert_non_null(all);
	for (entry = readdir(all); entry; entry = readdir(all)) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && is_child(pid, parent) && found.n < PIDS_MAX)
			found.pid[found.n++] = pid;
	}
	closedir(all);
	return found;
}

static inline void pause_shortly(void)
{
	assert_int_equal(wait_fds(NULL, NULL, 0, deadline_in(5)), WAIT_DEADLINE);
}

static inline void wait_until_gone(pid_t pid)
{
	struct deadline until = deadline_in(PATIENCE);

	while (kill(pid, 0) == 0 && deadline_left_ms(until))
		pause_shortly();
	assert_int_equal(kill(pid, 0), -1);
}

/* Who starts the nurseries of a program; it has no other child. */
static inline pid_t starter_of(pid_t program)
{
	struct pids starter = children_of(program);

	return starter.n ? starter.pid[0] : -1;
}

/* The nursery of a program, and its helpers when there are n. */
static inline pid_t nursery_of(pid_t program, size_t n, struct pids *helpers_out)
{
	struct deadline until = deadline_in(PATIENCE);
	struct pids     nursery = children_of(starter_of(program));

	*helpers_out = (struct pids){.n = 0};
	while ((nursery.n != 1 || helpers_out->n != n) && deadline_left_ms(until)) {
		pause_shortly();
		nursery = children_of(starter_of(program));
		*helpers_out = children_of(nursery.n ? nursery.pid[0] : -1);
	}
	assert_int_equal(nursery.n, 1);
	assert_int_equal(helpers_out->n, n);
	return nursery.pid[0];
}

/* Who has ended, or is about to, waits for nothing; nor does a nursery that has not told of all. */
static inline bool all_wait(pid_t nursery, const struct pids *helpers)
{
	bool all = process_of(nursery).state == 'S';

	for (size_t i = 0; i < helpers->n; i++)
		all &= process_of(helpers->pid[i]).state == 'S';
	return all;
}

/* The nursery of a program, which has n helpers wait and makes no others until it goes on
 * (SIGCONT). */
static inline pid_t stop_nursery(pid_t program, size_t n)
{
	struct deadline until = deadline_in(PATIENCE);
	struct pids     helpers;
	pid_t           nursery = nursery_of(program, n, &helpers);

	while (!all_wait(nursery, &helpers) && deadline_left_ms(until)) {
		pause_shortly();
		nursery = nursery_of(program, n, &helpers);
	}
	kill(nursery, SIGSTOP);
	while (process_of(nursery).state != 'T' && deadline_left_ms(until))
		pause_shortly();
	assert_int_equal(process_of(nursery).state, 'T');
	return nursery;
}

/* What /proc/PID/status says behind "NAME:\t". */
static inline const char *status_of(struct ctx *cx, pid_t pid, const char *name)
{
	FILE *file = fopen(arena_printf(cx->arena, "/proc/%d/status", pid), "re");
	char  line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
			fclose(file);
			return arena_strndup(cx->arena, line + strlen(name) + 2,
			                     strcspn(line, "\n") - strlen(name) - 2);
		}
	fclose(file);
	return "";
}

#endif
