/* loop.c -- epoll, a heap of timers, and the options of the command line. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define BACKLOG    4096

static int                   epoll = -1;
static volatile sig_atomic_t is_stopped;

static struct {
	struct loop_timer **list; /* from 1, so that halves are parents */
	size_t              n, cap;
} heap;

void loop_stop(void)
{
	is_stopped = 1;
}

static void stop_at_signal(int number)
{
	(void)number;
	loop_stop();
}

static _Noreturn void give_up(const char *what, const char *about)
{
	fprintf(stderr, "%s: %s\n", about, what);
	exit(2);
}

void loop_start(void)
{
	struct sigaction stop = {.sa_handler = stop_at_signal};
	struct rlimit    files;

	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)!setrlimit(RLIMIT_NOFILE, &files);
	}
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		give_up(strerror(errno), "epoll");
}

uint64_t loop_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- timers ---- */

static void put(struct loop_timer *timer, size_t place)
{
	heap.list[place] = timer;
	timer->place = place;
}

static void rise(struct loop_timer *timer, size_t place)
{
	for (; place > 1 && heap.list[place / 2]->at_us > timer->at_us; place /= 2)
		put(heap.list[place / 2], place);
	put(timer, place);
}

static void sink(struct loop_timer *timer, size_t place)
{
	for (;;) {
		size_t child = place * 2;

		if (child < heap.n && heap.list[child + 1]->at_us < heap.list[child]->at_us)
			child++;
		if (child > heap.n || heap.list[child]->at_us >= timer->at_us)
			break;
		put(heap.list[child], place);
		place = child;
	}
	put(timer, place);
}

static void make_room(void)
{
	if (heap.n + 2 <= heap.cap)
		return;
	heap.cap = heap.cap ? heap.cap * 2 : 1024;
	heap.list = realloc(heap.list, heap.cap * sizeof(struct loop_timer *));
	if (!heap.list)
		give_up("no memory", "timers");
}

void loop_unset(struct loop_timer *timer)
{
	struct loop_timer *last;
	size_t             place = timer->place;

	if (!place)
		return;
	timer->place = 0;
	last = heap.list[heap.n--];
	if (last == timer)
		return;
	rise(last, place);
	sink(last, last->place);
}

void loop_set(struct loop_timer *timer, uint64_t at_us)
{
	loop_unset(timer);
	make_room();
	timer->at_us = at_us;
	heap.n++;
	rise(timer, heap.n);
}

static void run_timers(void)
{
	uint64_t now = loop_now_us();

	while (heap.n && heap.list[1]->at_us <= now) {
		struct loop_timer *due = heap.list[1];

		loop_unset(due);
		due->on_time(due->data);
	}
}

/* ---- sockets ---- */

void loop_watch(struct loop_fd *fd, unsigned events)
{
	struct epoll_event event = {.events = events, .data.ptr = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd->fd, &event))
		give_up(strerror(errno), "epoll_ctl");
}

void loop_rewatch(struct loop_fd *fd, unsigned events)
{
	struct epoll_event event = {.events = events, .data.ptr = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd->fd, &event))
		give_up(strerror(errno), "epoll_ctl");
}

static struct timespec until_next(void)
{
	uint64_t now = loop_now_us(), left = 1000000;

	if (heap.n)
		left = heap.list[1]->at_us > now ? heap.list[1]->at_us - now : 0;
	return (struct timespec){(time_t)(left / 1000000), (long)(left % 1000000) * 1000};
}

void loop_run(void)
{
	struct epoll_event events[EVENTS_MAX];

	while (!is_stopped) {
		struct timespec wait = until_next();
		int             n = epoll_pwait2(epoll, events, EVENTS_MAX, &wait, NULL);

		if (n < 0 && errno != EINTR)
			give_up(strerror(errno), "epoll_pwait2");
		for (int i = 0; i < n; i++) {
			struct loop_fd *fd = events[i].data.ptr;

			fd->on_ready(fd->data, events[i].events);
		}
		run_timers();
	}
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	                            .sin_port = htons((uint16_t)port),
	                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int loop_listen(unsigned port, unsigned *port_out)
{
	struct sockaddr_in at = loopback(port);
	socklen_t          len = sizeof(at);
	int                fd = tcp_socket(), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&at, &len)) {
		close(fd);
		return -1;
	}
	*port_out = ntohs(at.sin_port);
	return fd;
}

int loop_connect(unsigned port)
{
	struct sockaddr_in to = loopback(port);
	int                fd = tcp_socket();

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- options ---- */

static const char *value_in(const char *argument, const char *name)
{
	size_t len = strlen(name);

	return strncmp(argument, name, len) == 0 && argument[len] == '=' ? argument + len + 1 : NULL;
}

const char *option_text(char **argv, const char *name, const char *fallback)
{
	for (char **at = argv + 1; *at; at++)
		if (value_in(*at, name))
			return value_in(*at, name);
	return fallback;
}

double option_number(char **argv, const char *name, double fallback)
{
	const char *text = option_text(argv, name, NULL);
	double      number;

	if (!text)
		return fallback;
	if (!str_to_double(text, &number) || number < 0)
		give_up("is not a number of at least 0", name);
	return number;
}

void options_check(char **argv, const char *const *names)
{
	for (char **at = argv + 1; *at; at++) {
		const char *const *name = names;

		while (*name && !value_in(*at, *name))
			name++;
		if (!*name)
			give_up("there is no such option", *at);
	}
}

/* ---- bytes ---- */

static void reserve(struct bytes *b, size_t more)
{
	if (b->len + more <= b->cap)
		return;
	b->cap = (b->len + more) * 2;
	b->ptr = realloc(b->ptr, b->cap);
	if (!b->ptr)
		give_up("no memory", "bytes");
}

void bytes_add(struct bytes *b, const void *from, size_t n)
{
	reserve(b, n);
	memcpy(b->ptr + b->len, from, n);
	b->len += n;
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
	va_list args, again;
	int     n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	reserve(b, (size_t)n + 1);
	vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

double percentile(const double *sorted, size_t n, double share)
{
	size_t place = (size_t)ceil((double)n * share);

	if (n == 0)
		return 0;
	return sorted[place ? place - 1 : 0];
}
