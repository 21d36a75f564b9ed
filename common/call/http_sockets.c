/* http_sockets.c -- an epoll for a libcurl multi.
 *
 * curl_multi_poll and curl_multi_perform look at every socket and every call each time: with two
 * thousand calls that wait, a wake cost a millisecond. Here a wake costs what is ready.
 *
 * libcurl 7.88 forgets itself now and then: when the time of a name's first address is over it
 * neither tries the next nor names a time to do so. So while something is being connected it looks
 * at all a few times a second.
 *
 * A closed socket leaves the epoll by itself, and libcurl may tell of that late or not at all: what
 * it says of a number that the kernel has given out again is taken for the newer socket. */
#include "http_sockets.h"

#include "../base/bell.h"
#include "../base/clock.h"
#include "../base/fatal.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define LOOK_MS    250u

static struct {
	int             epoll_fd, bell;
	struct deadline timer; /* when libcurl wants to look at its times */
	struct deadline look;  /* when it is made to look at all */
} sockets;

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event on = {.events = events, .data.fd = fd};

	if (epoll_ctl(sockets.epoll_fd, op, fd, &on) == 0)
		return;
	if (op == EPOLL_CTL_ADD && errno == EEXIST)
		watch(EPOLL_CTL_MOD, fd, events);
	else if (op != EPOLL_CTL_DEL)
		fatal("cannot watch a socket: errno %d", errno);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *unused, void *unused_too)
{
	(void)easy;
	(void)unused;
	(void)unused_too;
	if (what == CURL_POLL_REMOVE)
		watch(EPOLL_CTL_DEL, fd, 0);
	else
		watch(EPOLL_CTL_ADD, fd,
		      (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u));
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *unused)
{
	(void)multi;
	(void)unused;
	sockets.timer = ms < 0 ? DEADLINE_NEVER : deadline_in((uint64_t)ms);
	return 0;
}

void sockets_open(void)
{
	sockets.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sockets.bell = bell_new();
	if (sockets.epoll_fd < 0 || sockets.bell < 0)
		fatal("no descriptor for outside calls: errno %d", errno);
	watch(EPOLL_CTL_ADD, sockets.bell, EPOLLIN);
}

void sockets_close(void)
{
	close(sockets.epoll_fd);
	close(sockets.bell);
}

void sockets_serve(CURLM *multi)
{
	sockets.timer = DEADLINE_NEVER;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
}

void sockets_wake(void)
{
	bell_ring(sockets.bell);
}

/* What is wrong with a socket libcurl finds out by itself (0), in words for its error. */
static void move(CURLM *multi, const struct epoll_event *event)
{
	bool is_wrong = event->events & (EPOLLERR | EPOLLHUP);
	int  what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
	           (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
	int n;

	curl_multi_socket_action(multi, event->data.fd, is_wrong ? 0 : what, &n);
}

static void move_times(CURLM *multi)
{
	int n;

	if (deadline_left_ms(sockets.timer) > 0)
		return;
	sockets.timer = DEADLINE_NEVER; /* libcurl says the next one */
	curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &n);
}

/* Deprecated for what it costs, and just that is wanted. */
static void look_at_all(CURLM *multi)
{
	int n;

	if (deadline_left_ms(sockets.look) > 0)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	curl_multi_socket_all(multi, &n);
#pragma GCC diagnostic pop
	sockets.look = deadline_in(LOOK_MS);
}

void sockets_wait(CURLM *multi, unsigned most_ms, bool is_connecting)
{
	struct epoll_event events[EVENTS_MAX];
	struct deadline    until = deadline_sooner(deadline_in(most_ms), sockets.timer);
	int                n;

	if (is_connecting)
		until = deadline_sooner(until, sockets.look);
	n = epoll_wait(sockets.epoll_fd, events, EVENTS_MAX, (int)deadline_left_ms(until));
	for (int i = 0; i < n; i++)
		if (events[i].data.fd == sockets.bell)
			bell_hush(sockets.bell);
		else
			move(multi, &events[i]);
	move_times(multi);
	if (is_connecting)
		look_at_all(multi);
}
