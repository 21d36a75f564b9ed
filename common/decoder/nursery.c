/* nursery.c -- a small process of one thread, without secrets or models, that forks helpers.
 *
 * It keeps the helper's own end of each socket too: that is how it learns that the program has
 * let go of the other end (the deadline has passed, the client has left, the program was killed),
 * and then it ends the helper, whatever that is busy with. */
#include "nursery.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "confine.h"
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICKS_MS 100 /* so exactly a process's time is counted */

struct child {
	pid_t pid;
	int   socket; /* -1: it was told to end */
};

static struct child children[NURSERY_MAX];
static size_t       children_n;

/* Nothing of the nursery's stays open in it, least of all the sockets of others. */
static _Noreturn void be_helper(int socket, pid_t nursery)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != nursery ||
	    dup2(socket, NURSERY_SOCKET) < 0 || close_range(NURSERY_SOCKET + 1, ~0u, 0) < 0)
		_exit(1);
	helper_run(NURSERY_SOCKET);
}

/* False: the program is gone. */
static bool bear_child(void)
{
	pid_t nursery = getpid(), pid;
	int   ends[2];
	bool  is_sent;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		fatal("decoder: no sockets: errno %d", errno);
	pid = fork();
	if (pid < 0)
		fatal("decoder: no process: errno %d", errno);
	if (pid == 0)
		be_helper(ends[1], nursery);
	children[children_n++] = (struct child){pid, ends[1]};
	is_sent = errand_send(NURSERY_SOCKET, SPAN("1"), &ends[0], 1);
	close(ends[0]);
	return is_sent;
}

static void end_child(struct child *c)
{
	kill(c->pid, SIGKILL);
	close(c->socket);
	c->socket = -1;
}

/* The last limit's signal is nobody's but the kernel's, too, and comes when the time is used up. */
static bool was_killed(int status, const struct rusage *used)
{
	time_t cpu_ms = (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
	                (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	       cpu_ms < (time_t)CONFINE_CPU_S * 1000 - TICKS_MS;
}

/* Its socket alone would not tell whether it went by itself or with us. */
static void tell_of_death(int socket, enum errand_outcome how)
{
	struct errand_result died = {how, 0};

	(void)!errand_send(socket, (struct span){(const char *)&died, sizeof(died)}, NULL, 0);
	close(socket);
}

static void bury(pid_t pid, int status, const struct rusage *used)
{
	size_t i = 0;

	while (i < children_n && children[i].pid != pid)
		i++;
	if (i == children_n)
		return;
	/* Not by us: a crash, a forbidden call, a limit. */
	if (WIFSIGNALED(status) && children[i].socket >= 0)
		LOG(LOG_WARN, NULL, "decoder_died", F_INT("signal", WTERMSIG(status)));
	if (children[i].socket >= 0)
		tell_of_death(children[i].socket, was_killed(status, used) ? ERRAND_KILLED : ERRAND_DIED);
	children[i] = children[--children_n];
}

static void bury_dead(int signals)
{
	struct signalfd_siginfo news;
	struct rusage           used;
	int                     status;
	pid_t                   pid;

	(void)!read(signals, &news, sizeof(news));
	for (pid = wait4(-1, &status, WNOHANG, &used); pid > 0;
	     pid = wait4(-1, &status, WNOHANG, &used))
		bury(pid, status, &used);
}

/* All other signals are the program's business: it lets go of its end when it stops. */
static int open_signals(void)
{
	sigset_t all, child;
	int      fd;

	sigfillset(&all);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &all, NULL);
	fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("decoder: cannot wait for signals: errno %d", errno);
	return fd;
}

/* False: the program is gone. */
static bool look_after(int signals)
{
	struct pollfd fds[NURSERY_MAX + 2] = {{.fd = NURSERY_SOCKET, .events = POLLIN},
	                                      {.fd = signals, .events = POLLIN}};

	/* Only hanging up is waited for; what a helper is sent is its own. */
	for (size_t i = 0; i < children_n; i++)
		fds[2 + i].fd = children[i].socket;
	if (poll(fds, 2 + children_n, -1) < 0)
		return errno == EINTR;
	for (size_t i = 0; i < children_n; i++)
		if (fds[2 + i].revents)
			end_child(&children[i]);
	if (fds[1].revents)
		bury_dead(signals);
	return !fds[0].revents;
}

void nursery_run(size_t n)
{
	int  signals = open_signals();
	bool is_wanted = true;

	while (is_wanted) {
		while (is_wanted && children_n < n)
			is_wanted = bear_child();
		is_wanted = is_wanted && look_after(signals);
	}
}
