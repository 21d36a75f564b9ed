/* nginx_failures.c -- a thread at a datagram socket, to which nginx writes a line of syslog for
 * each: "<190>Nov 29 12:31:44 scribe: agent_reply 502".
 *
 * nginx never waits for it: what the socket has no room for, what is told while no process of this
 * program lives, and the first that a worker of nginx tells after another process took the place,
 * is lost. The folder of the socket is reached by nginx and this program alone.
 *
 * A new process takes the place of the one before, which nginx may go on writing to until that
 * ends. Should the new one end first, as in a reload that is taken back, the old one finds nobody
 * at the place and takes it again. */
#include "nginx_failures.h"

#include "../../common/base/fatal.h"
#include "../../common/base/log.h"
#include "../../common/base/metrics.h"
#include "../../common/base/thread.h"
#include "../../common/base/wait.h"
#include "../../common/web/serve.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)256 << 10)
#define LOOK_MS     2000u
#define LINE_MAX_   512u
#define BATCH       256 /* lines until somebody looks whether it is time to stop */

static struct failure_values {
	const char *path;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(failure_values, path, "SCRIBE_NGINX_SOCKET",
                .help = "where metrics hear of what nginx answered itself; scripts/stack gives it"),
};
const struct cfg_group nginx_failure_settings = {"Nginx", &values, keys, COUNT(keys)};

static struct {
	struct cancel      stop;
	pthread_t          thread;
	struct sockaddr_un place, beside; /* where it is, and where it is made */
	int                fd;
	bool               is_failing; /* the first time tells it */
} office = {.fd = -1};

static bool is_wanted(void)
{
	return values.path && *values.path && serve_has_socket();
}

/* ---- the place ---- */

static void name_place(struct sockaddr_un *out, const char *end)
{
	out->sun_family = AF_UNIX;
	snprintf(out->sun_path, sizeof(out->sun_path), "%s%s", values.path, end);
}

static const struct sockaddr *address(const struct sockaddr_un *place)
{
	return (const struct sockaddr *)(const void *)place;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool somebody_listens(void)
{
	int  fd = new_socket();
	bool is_there = fd >= 0 && connect(fd, address(&office.place), sizeof(office.place)) == 0;

	if (fd >= 0)
		close(fd);
	return is_there;
}

/* A socket made beside the place and moved there; -1 with errno. */
static int take_place(void)
{
	int fd = new_socket();

	if (fd < 0)
		return -1;
	unlink(office.beside.sun_path);
	if (bind(fd, address(&office.beside), sizeof(office.beside)) == 0 &&
	    chmod(office.beside.sun_path, 0666) == 0 &&
	    rename(office.beside.sun_path, office.place.sun_path) == 0)
		return fd;
	close(fd);
	return -1;
}

static void listen_there(void)
{
	int fd = take_place();

	if (fd < 0 && !office.is_failing)
		LOG(LOG_WARN, NULL, "nginx_not_heard", F_STR("detail", strerror(errno)));
	office.is_failing = fd < 0;
	if (fd < 0)
		return;
	if (office.fd >= 0)
		close(office.fd);
	office.fd = fd;
}

/* ---- what is told ---- */

static void count(const char *line)
{
	const char *told = strrchr(line, ':');
	char        program[32], rest;
	int         status;

	/* NOLINTNEXTLINE(cert-err34-c): three digits are in range */
	if (!told || sscanf(told, ": %31[a-z0-9_] %3d%c", program, &status, &rest) != 2)
		return;
	metrics_add(METRIC_nginx_failures,
	            AT(metrics_name(NAMES_program, program), metrics_status(status)), 1);
}

static void hear(void)
{
	char    line[LINE_MAX_];
	ssize_t n;

	for (int i = 0; i < BATCH; i++) {
		n = recv(office.fd, line, sizeof(line) - 1, 0);
		if (n < 0)
			return;
		line[n] = '\0';
		count(line);
	}
}

static void *keep_hearing(void *data)
{
	struct deadline look = deadline_in(LOOK_MS);
	enum waited     how;

	listen_there();
	do {
		struct pollfd fds[] = {{.fd = office.fd, .events = POLLIN}};

		how = wait_fds(&office.stop, fds, office.fd >= 0, look);
		if (how == WAIT_READY)
			hear();
		if (deadline_left_ms(look) > 0)
			continue;
		if (!somebody_listens())
			listen_there();
		look = deadline_in(LOOK_MS);
	} while (how != WAIT_CANCELLED);
	return data;
}

void nginx_failures_open(void)
{
	if (!is_wanted())
		return;
	name_place(&office.place, "");
	name_place(&office.beside, ".new");
	cancel_init(&office.stop);
	if (thread_start(&office.thread, STACK_BYTES, keep_hearing, NULL) != 0)
		fatal("cannot start the thread that hears of nginx");
}

void nginx_failures_close(void)
{
	if (!is_wanted())
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
	if (office.fd >= 0)
		close(office.fd);
}
