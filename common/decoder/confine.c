/* confine.c -- namespaces, another user, limits, and a filter of system calls.
 *
 * The order is given: files are needed to find the user, rights to leave the files, and the filter
 * lets nothing of all this through. */
#include "confine.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define USER_WANTED "scribe-decoder"
#define USER_COMMON "nobody"
/* Above what libav and its libraries take: the recording, its samples, libav's own tables. */
#define MEMORY_BYTES (256u << 20)
/* 0 to 2, the socket, the two files of an errand. */
#define FILES_MAX 6u
/* What a visitor says is decoded in a part of it, even on a slow machine. A long recording takes
 * more, and should not take for ever where two others are heard: so it gets a tenth of theirs. */
#define FRONT_CPU_MS 100u
#define BEHIND_NICE  10
/* Whose client has had so much, or wants so much at once, that others go first. */
#define PATIENT_NICE 19
/* The largest file of samples, and what a page more may be. */
#define FILE_BYTES (8u << 20)

static size_t bytes_at_rest; /* address space of the nursery */

/* ---- the nursery ---- */

static size_t address_space(void)
{
	FILE         *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	/* NOLINTNEXTLINE(cert-err34-c): the kernel writes it */
	if (!file || fscanf(file, "%lu", &pages) != 1)
		fatal("decoder: cannot read /proc/self/statm");
	fclose(file);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static const struct passwd *find_user(const char *name)
{
	const struct passwd *found = user_named(name ? name : USER_WANTED);

	if (!found && !name)
		found = user_named(USER_COMMON);
	if (!found)
		fatal("decoder: there is no user %s", name ? name : USER_COMMON);
	return found;
}

static bool write_file(const char *path, const char *text)
{
	int  fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return is_written;
}

/* Who is not root gets the right to the other namespaces with one of users, where he is himself. */
static bool enter_namespaces(bool is_root)
{
	const int others = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	char      map[64];
	uid_t     uid = geteuid();
	gid_t     gid = getegid();

	if (is_root)
		return unshare(others) == 0;
	if (unshare(CLONE_NEWUSER | others) < 0 || !write_file("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (!write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_file("/proc/self/gid_map", map);
}

/* An empty folder becomes the root of all, and what was there before is let go. */
static bool leave_files(void)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/tmp", "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555") == 0 &&
	       chdir("/tmp") == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
	       umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
	       mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) == 0;
}

static void drop_rights(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capset, &head, none) < 0)
		fatal("decoder: cannot drop its rights: errno %d", errno);
}

void confine_nursery(const char *user)
{
	bool                 is_root = geteuid() == 0;
	const struct passwd *other = is_root ? find_user(user) : NULL;

	bytes_at_rest = address_space();
	if (!enter_namespaces(is_root) || !leave_files())
		LOG(LOG_WARN, NULL, "decoder_without_namespaces", F_INT("errno", errno));
	if (other)
		user_become(other);
	drop_rights();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("decoder: cannot give up new rights: errno %d", errno);
}

/* ---- a helper ---- */

static void limit(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit both = {most, most};

	if (setrlimit(what, &both) < 0)
		fatal("decoder: cannot limit resource %d: errno %d", (int)what, errno);
}

/* The first limit's signal tells whose doing it is; who has it blocked meets the second. */
static void limit_processor(void)
{
	const struct rlimit most = {CONFINE_CPU_S, CONFINE_CPU_S + 1};
	sigset_t            over;

	sigemptyset(&over);
	sigaddset(&over, SIGXCPU);
	if (sigprocmask(SIG_UNBLOCK, &over, NULL) < 0 || setrlimit(RLIMIT_CPU, &most) < 0)
		fatal("decoder: cannot limit the processor: errno %d", errno);
}

static void be_nice(int nice)
{
	(void)setpriority(PRIO_PROCESS, 0, nice);
}

void confine_be_patient(void)
{
	be_nice(PATIENT_NICE);
}

/* Whoever works for so long gets little of a processor that others want, from now on. */
static void fall_behind(int signal)
{
	int before = errno;

	(void)signal;
	be_nice(BEHIND_NICE);
	errno = before;
}

static void limit_front(void)
{
	const struct sigaction fall = {.sa_handler = fall_behind, .sa_flags = SA_RESTART};
	const struct itimerval all = {.it_value = {.tv_usec = FRONT_CPU_MS * 1000L}};
	sigset_t               only;

	sigemptyset(&only);
	sigaddset(&only, SIGPROF);
	if (sigaction(SIGPROF, &fall, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &only, NULL) < 0 ||
	    setitimer(ITIMER_PROF, &all, NULL) < 0)
		fatal("decoder: cannot fall behind: errno %d", errno);
}

/* Memory, the errand and its files, the result, and the end. */
static const int calls[] = {
	SCMP_SYS(brk),           SCMP_SYS(mremap),          SCMP_SYS(munmap),
	SCMP_SYS(madvise),       SCMP_SYS(futex),           SCMP_SYS(getrandom),
	SCMP_SYS(recvmsg),       SCMP_SYS(sendmsg),         SCMP_SYS(pwrite64),
	SCMP_SYS(close),         SCMP_SYS(exit_group),      SCMP_SYS(rt_sigreturn),
	SCMP_SYS(clock_gettime), SCMP_SYS(restart_syscall),
};

/* Memory that is asked for may be written, never run. */
static const int mappings[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

static bool may_be_nice(scmp_filter_ctx filter, int nice)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setpriority), 3,
	                        SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS, 0), SCMP_A1(SCMP_CMP_EQ, 0, 0),
	                        SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)nice, 0)) == 0;
}

static bool fill_filter(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	bool                      is_full;

	is_full = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
	for (size_t i = 0; i < COUNT(calls); i++)
		is_full = is_full && seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
	for (size_t i = 0; i < COUNT(mappings); i++)
		is_full = is_full && seccomp_rule_add(filter, SCMP_ACT_ALLOW, mappings[i], 1, not_run) == 0;
	return is_full && may_be_nice(filter, BEHIND_NICE) && may_be_nice(filter, PATIENT_NICE);
}

static void load_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!filter || !fill_filter(filter) || seccomp_load(filter) < 0)
		fatal("decoder: cannot load the filter of system calls");
	/* Never released: that would be one thing more to be let through. */
}

void confine_helper(void)
{
	limit(RLIMIT_CORE, 0);
	limit_processor();
	limit(RLIMIT_FSIZE, FILE_BYTES);
	limit(RLIMIT_MEMLOCK, 0);
	limit(RLIMIT_MSGQUEUE, 0);
	limit(RLIMIT_NICE, 0);
	limit(RLIMIT_NPROC, 0);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		fatal("decoder: cannot hide its memory: errno %d", errno);
	limit_front();
	if (CONFINE_IS_RELAXED)
		return;
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_AS, bytes_at_rest + MEMORY_BYTES);
	load_filter();
}
