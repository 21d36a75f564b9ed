/* peer_watch.c -- one thread in an epoll of its own, begun with the first request.
 *
 * An event carries the descriptor, and what is watched under it is looked up
 * with the lock held: an event that was under way when its request ended finds
 * nothing, or the newer watch of that number, which the kernel told nothing of
 * yet and which is asked again by poll(2). */
#include "peer_watch.h"

#include "../base/fatal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#define STACK_BYTES ((size_t)256 << 10)
#define EVENTS_MAX  64
#define BUCKETS     1024u
#define GONE_EPOLL  (EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define GONE_POLL   (POLLRDHUP | POLLHUP | POLLERR)

static struct {
	pthread_once_t     once;
	pthread_mutex_t    lock;
	int                epoll_fd;
	struct peer_watch *buckets[BUCKETS]; /* by descriptor */
} office = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static struct peer_watch **bucket_of(int fd)
{
	return &office.buckets[(unsigned)fd % BUCKETS];
}

static bool has_hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && p.revents & GONE_POLL;
}

static void tell(int fd)
{
	pthread_mutex_lock(&office.lock);
	for (struct peer_watch *w = *bucket_of(fd); w; w = w->next)
		if (w->fd == fd && has_hung_up(fd))
			cancel_fire(w->cancel, CANCEL_CLIENT_LEFT);
	pthread_mutex_unlock(&office.lock);
}

static void *watch_peers(void *data)
{
	struct epoll_event events[EVENTS_MAX];

	(void)data;
	for (;;) {
		int n = epoll_wait(office.epoll_fd, events, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++)
			tell(events[i].data.fd);
	}
	return NULL; /* the thread ends with the process */
}

static void begin(void)
{
	pthread_attr_t attr;
	pthread_t      thread;
	sigset_t       all;

	office.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setsigmask_np(&attr, &all);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (office.epoll_fd < 0 || pthread_create(&thread, &attr, watch_peers, NULL) != 0)
		fatal("cannot watch clients: errno %d", errno);
	pthread_attr_destroy(&attr);
}

void peer_watch(struct peer_watch *w, int fd, struct cancel *cancel)
{
	struct epoll_event  on = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.fd = fd};
	struct peer_watch **bucket = bucket_of(fd);

	pthread_once(&office.once, begin);
	*w = (struct peer_watch){.fd = fd, .cancel = cancel, .link = bucket};
	pthread_mutex_lock(&office.lock);
	w->next = *bucket;
	if (w->next)
		w->next->link = &w->next;
	*bucket = w;
	pthread_mutex_unlock(&office.lock);
	if (epoll_ctl(office.epoll_fd, EPOLL_CTL_ADD, fd, &on) < 0 && errno != EPERM)
		fatal("cannot watch a client: errno %d", errno);
}

void peer_unwatch(struct peer_watch *w)
{
	epoll_ctl(office.epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	pthread_mutex_lock(&office.lock);
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	w->link = NULL;
	pthread_mutex_unlock(&office.lock);
}
