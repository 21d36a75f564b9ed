/* cancel.c -- a flag, those it wakes, and an eventfd where somebody polls. */
#include "cancel.h"

#include <assert.h>
#include <sys/eventfd.h>
#include <unistd.h>

void cancel_init(struct cancel *c)
{
	*c = (struct cancel){.fd = -1};
	pthread_mutex_init(&c->lock, NULL);
}

static void follow_parent(void *data)
{
	struct cancel *c = data;

	cancel_fire(c, cancel_reason(c->parent));
}

void cancel_init_child(struct cancel *c, struct cancel *parent)
{
	cancel_init(c);
	c->parent = parent;
	cancel_watch(parent, &c->from_parent, follow_parent, c);
}

void cancel_end(struct cancel *c)
{
	cancel_unwatch(c->parent, &c->from_parent);
	assert(!c->waiters);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	pthread_mutex_destroy(&c->lock);
}

static void make_readable(int fd)
{
	uint64_t one = 1;
	ssize_t  written = fd >= 0 ? write(fd, &one, sizeof(one)) : (ssize_t)sizeof(one);

	assert(written == sizeof(one)); /* the first write always fits */
}

void cancel_fire(struct cancel *c, enum cancel_reason why)
{
	assert(why != CANCEL_NONE);
	pthread_mutex_lock(&c->lock);
	if (atomic_load(&c->reason) == CANCEL_NONE) {
		atomic_store(&c->reason, why);
		make_readable(c->fd);
		for (struct cancel_waiter *w = c->waiters; w; w = w->next)
			w->wake(w->data);
	}
	pthread_mutex_unlock(&c->lock);
}

enum cancel_reason cancel_reason(const struct cancel *c)
{
	return c ? (enum cancel_reason)atomic_load(&c->reason) : CANCEL_NONE;
}

void cancel_watch(struct cancel *c, struct cancel_waiter *w, void (*wake)(void *data), void *data)
{
	*w = (struct cancel_waiter){.wake = wake, .data = data};
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	w->next = c->waiters;
	if (w->next)
		w->next->link = &w->next;
	w->link = &c->waiters;
	c->waiters = w;
	if (atomic_load(&c->reason) != CANCEL_NONE)
		wake(data);
	pthread_mutex_unlock(&c->lock);
}

void cancel_unwatch(struct cancel *c, struct cancel_waiter *w)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	if (w->link) {
		*w->link = w->next;
		if (w->next)
			w->next->link = w->link;
		w->link = NULL;
	}
	pthread_mutex_unlock(&c->lock);
}

int cancel_fd(struct cancel *c)
{
	int fd;

	if (!c)
		return -1;
	pthread_mutex_lock(&c->lock);
	if (c->fd < 0) {
		c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (atomic_load(&c->reason) != CANCEL_NONE)
			make_readable(c->fd);
	}
	fd = c->fd;
	pthread_mutex_unlock(&c->lock);
	return fd;
}
