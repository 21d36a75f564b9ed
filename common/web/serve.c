/* serve.c -- the accept loop: the only file that knows libfcgi.
 *
 * Every thread serves one request at a time with blocking calls; the kernel's
 * backlog is the queue. A thread waits in its own epoll for the listening
 * socket (EPOLLEXCLUSIVE, so that a connection wakes one thread and not all)
 * and for an eventfd that says "stop". The socket is inherited and not ours to
 * shut down: shutdown() would kill it for every later process, so stopping is
 * the eventfd's business and accepting must not block. Another thread or
 * process may take the connection first; FCGX_Accept_r then says so and the
 * thread waits again. */
#include "serve.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "peer_watch.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FD 0
/* Virtual size: only touched pages cost memory. TLS and libav want some room. */
#define STACK_BYTES ((size_t)1 << 20)

struct fcgi_transport {
	struct transport t; /* first */
	FCGX_Request     request;
};

struct listener {
	serve_handler    *handle;
	serve_thread_end *end;
	int               stop_fd;
};

static struct fcgi_transport *fcgi(struct transport *t)
{
	return (struct fcgi_transport *)t;
}

static const char *fcgi_param(struct transport *t, const char *name)
{
	return FCGX_GetParam(name, fcgi(t)->request.envp);
}

static size_t fcgi_read(struct transport *t, char *to, size_t max)
{
	int n = FCGX_GetStr(to, max > INT32_MAX ? INT32_MAX : (int)max, fcgi(t)->request.in);

	return n > 0 ? (size_t)n : 0;
}

static bool fcgi_write(struct transport *t, const char *bytes, size_t n)
{
	return n == 0 || FCGX_PutStr(bytes, (int)n, fcgi(t)->request.out) == (int)n;
}

static bool fcgi_flush(struct transport *t)
{
	return FCGX_FFlush(fcgi(t)->request.out) == 0;
}

static const struct transport fcgi_calls = {
	.param = fcgi_param,
	.read = fcgi_read,
	.write = fcgi_write,
	.flush = fcgi_flush,
};

bool serve_has_socket(void)
{
	int       is_listening = 0;
	socklen_t len = sizeof(is_listening);

	return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 &&
	       is_listening;
}

void serve_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int watch(const struct listener *l)
{
	int                fd = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event on_listen = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = LISTEN_FD};
	struct epoll_event on_stop = {.events = EPOLLIN, .data.fd = l->stop_fd};

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, LISTEN_FD, &on_listen) < 0 ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, l->stop_fd, &on_stop) < 0)
		fatal("cannot watch the listening socket: errno %d", errno);
	return fd;
}

/* True when there may be a connection, false when it is time to stop. */
static bool wait_for_connection(const struct listener *l, int watcher)
{
	struct epoll_event events[2];
	int                n;

	do
		n = epoll_wait(watcher, events, (int)COUNT(events), -1);
	while (n < 0 && errno == EINTR);
	for (int i = 0; i < n; i++)
		if (events[i].data.fd == l->stop_fd)
			return false;
	return n > 0;
}

static void handle_watched(const struct listener *l, struct fcgi_transport *t)
{
	struct peer_watch watch;
	struct cancel     cancel;

	cancel_init(&cancel);
	t->t.cancel = &cancel;
	peer_watch(&watch, t->request.ipcFd, &cancel);
	l->handle(&t->t);
	peer_unwatch(&watch);
	cancel_end(&cancel);
}

static void *serve_requests(void *data)
{
	const struct listener *l = data;
	int                    watcher = watch(l);
	struct fcgi_transport  t = {.t = fcgi_calls};

	if (FCGX_InitRequest(&t.request, LISTEN_FD, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		fatal("FCGX_InitRequest failed");
	while (wait_for_connection(l, watcher)) {
		if (FCGX_Accept_r(&t.request) < 0)
			continue; /* somebody else took it */
		handle_watched(l, &t);
		FCGX_Finish_r(&t.request);
	}
	FCGX_Free(&t.request, 1);
	close(watcher);
	l->end();
	return NULL;
}

void serve_wait_for_stop(void)
{
	sigset_t set;
	int      got;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigwait(&set, &got);
}

static void start_threads(pthread_t *threads, unsigned n, struct listener *l)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&threads[i], &attr, serve_requests, l) != 0)
			fatal("cannot start thread %u of %u", i + 1, n);
	pthread_attr_destroy(&attr);
}

int serve_fastcgi(unsigned threads, serve_handler *handle, serve_thread_end *end)
{
	struct listener l = {.handle = handle, .end = end, .stop_fd = eventfd(0, EFD_CLOEXEC)};
	pthread_t      *started = calloc(threads, sizeof(*started));
	uint64_t        stop = 1;

	if (!started || l.stop_fd < 0 || FCGX_Init() != 0)
		fatal("cannot start serving");
	serve_block_signals(); /* FCGX_Init brought its own handlers */
	fcntl(LISTEN_FD, F_SETFL, fcntl(LISTEN_FD, F_GETFL) | O_NONBLOCK);
	start_threads(started, threads, &l);
	LOG(LOG_INFO, NULL, "serving", F_INT("threads", threads));
	serve_wait_for_stop();
	if (write(l.stop_fd, &stop, sizeof(stop)) < 0)
		fatal("cannot tell the threads to stop");
	for (unsigned i = 0; i < threads; i++)
		pthread_join(started[i], NULL);
	LOG(LOG_INFO, NULL, "drained", F_INT("threads", threads));
	close(l.stop_fd);
	free(started);
	return 0;
}
