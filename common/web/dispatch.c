/* dispatch.c -- one epoll, edge-triggered, in which each connection stays for as long as it lives.
 *
 * An edge that comes while a connection is in hand is the next request already: it is noted, and
 * the connection is looked at again when it is parked. So a request on a kept connection costs no
 * call to epoll_ctl.
 *
 * Whoever closes a connection puts it among the dead, and these are freed between two rounds of
 * epoll_wait: no event that is still to be looked at can mean one of them. */
#include "dispatch.h"

#include "../base/bell.h"
#include "../base/clock.h"
#include "../base/fatal.h"
#include "../base/log.h"
#include "counting.h"
#include "health.h"
#include "incoming.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define SWEEP_MS   1000u  /* how exact the times below are */
#define HEAD_MS    10000u /* for a head to arrive in: a server of ours sends it at once */
#define BODY_RATE  64u    /* bytes that buy a body one more millisecond */
#define REFUSED_MS 2000u  /* for the peer to read its answer and close */
#define IDLE_MS    60000u /* a peer that keeps connections closes them long before */
#define LEAVE_MS   4000u  /* the same when we stop: nginx keeps them for two seconds at most */
#define DRAIN_MS   10000u /* after that each is closed behind its answer */
#define READ_MS    5000u  /* of a thread, for a byte that should be there */

struct dispatch_office office = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct crew_job *conn_job(struct conn *c)
{
	return &c->job;
}

struct conn *conn_of(struct crew_job *job)
{
	return (struct conn *)job;
}

int conn_fd(const struct conn *c)
{
	return c->fd;
}

bool conn_has_file(const struct conn *c)
{
	return c->arrival.file >= 0;
}

int conn_request_fd(const struct conn *c)
{
	return conn_has_file(c) ? c->arrival.file : c->fd;
}

uint64_t conn_since_ms(const struct conn *c)
{
	return c->since_ms;
}

unsigned conn_coming_ms(const struct conn *c)
{
	return c->coming_ms;
}

enum refusal conn_refusal(const struct conn *c)
{
	return c->refusal;
}

/* ---- the lists ---- */

static void add_to(struct conn **list, struct conn *c)
{
	c->next = *list;
	c->link = list;
	if (c->next)
		c->next->link = &c->next;
	*list = c;
}

static void take_off(struct conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

static void bury(struct conn *c)
{
	c->state = DEAD;
	arrival_end(&c->arrival);
	take_off(c);
	add_to(&office.dead, c);
	if (office.is_stopping && !office.all)
		bell_ring(office.bell);
}

void office_close(struct conn *c)
{
	close(c->fd);
	bury(c);
}

static void free_dead(void)
{
	pthread_mutex_lock(&office.lock);
	while (office.dead) {
		struct conn *c = office.dead;

		take_off(c);
		free(c);
	}
	pthread_mutex_unlock(&office.lock);
}

/* ---- in hand ---- */

bool conn_begin(struct conn *c, struct cancel *cancel)
{
	bool is_there;

	pthread_mutex_lock(&office.lock);
	is_there = !c->is_gone;
	if (is_there)
		c->cancel = cancel;
	else
		office_close(c);
	pthread_mutex_unlock(&office.lock);
	return is_there;
}

void conn_limit(struct conn *c, unsigned ms)
{
	pthread_mutex_lock(&office.lock);
	c->until_ms = deadline_in(ms).at_ms;
	pthread_mutex_unlock(&office.lock);
}

void conn_was_read(struct conn *c)
{
	int file = c->arrival.file;

	if (!arrival_is_read(&c->arrival))
		return;
	pthread_mutex_lock(&office.lock);
	c->arrival.file = -1;
	arrival_end(&c->arrival);
	pthread_mutex_unlock(&office.lock);
	close(file); /* which takes long where it is large */
}

static bool is_past_drain(uint64_t now)
{
	return office.is_stopping && clock_elapsed_ms(office.stopping_since_ms, now) >= DRAIN_MS;
}

static void watch_edges(struct conn *c, int op)
{
	struct epoll_event on = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};

	if (epoll_ctl(office.epoll_fd, op, c->fd, &on) < 0)
		fatal("cannot watch a connection: errno %d", errno);
}

/* Refused before it was whole. Who sends it reads the answer, and closes the connection, or ends
 * the request and takes the connection for a good one. */
static bool is_part(const struct conn *c)
{
	return c->refusal != REFUSAL_NONE && !c->arrival.body.is_whole;
}

/* What arrived meanwhile was an edge: epoll is made to tell of it once more. */
static void park(struct conn *c, uint64_t now)
{
	bool had_news = c->has_news;

	c->is_over = is_part(c);
	c->rest = c->arrival.body;
	c->refusal = REFUSAL_NONE;
	c->state = PARKED;
	c->has_news = c->talks = false;
	c->since_ms = now;
	arrival_end(&c->arrival);
	if (had_news || c->is_over)
		watch_edges(c, EPOLL_CTL_MOD);
}

void conn_end(struct conn *c, bool may_stay)
{
	uint64_t now;

	pthread_mutex_lock(&office.lock);
	now = clock_mono_ms(); /* not before what the dispatcher has noted */
	c->cancel = NULL;
	if (!c->is_gone && (is_part(c) || (may_stay && !is_past_drain(now))))
		park(c, now);
	else
		office_close(c);
	pthread_mutex_unlock(&office.lock);
}

void conn_lost(struct conn *c)
{
	pthread_mutex_lock(&office.lock);
	c->cancel = NULL;
	if (conn_has_file(c))
		close(c->fd);
	c->arrival.file = -1;
	bury(c);
	pthread_mutex_unlock(&office.lock);
}

/* ---- the dispatcher ---- */

static void on_hangup(struct conn *c)
{
	c->is_gone = true;
	if (c->state == PARKED)
		office_close(c);
	else if (c->cancel)
		cancel_fire(c->cancel, CANCEL_CLIENT_LEFT);
}

static void on_edge(struct conn *c, uint32_t events)
{
	pthread_mutex_lock(&office.lock);
	if (c->state != DEAD && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		on_hangup(c);
	else if (c->state == PARKED)
		incoming_look(c);
	else
		c->has_news = true;
	pthread_mutex_unlock(&office.lock);
}

static void adopt(int fd)
{
	struct timeval patience = {.tv_sec = READ_MS / 1000};
	struct conn   *c = calloc(1, sizeof(*c));

	if (!c)
		fatal("out of memory: no connection");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*c = (struct conn){.fd = fd, .since_ms = clock_mono_ms(), .arrival = ARRIVAL};
	pthread_mutex_lock(&office.lock);
	add_to(&office.all, c);
	watch_edges(c, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&office.lock);
}

/* Of several programs that share the socket one is woken. */
static void listen_to(int op)
{
	struct epoll_event on = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &office.listen_fd};

	if (epoll_ctl(office.epoll_fd, op, office.listen_fd, &on) < 0)
		fatal("cannot watch the listening socket: errno %d", errno);
}

static void go_deaf(void)
{
	LOG(LOG_WARN, NULL, "connections_refused", F_INT("errno", errno));
	listen_to(EPOLL_CTL_DEL);
	office.is_deaf = true;
	office.next_sweep_ms = clock_mono_ms() + SWEEP_MS;
}

/* Another program may have taken them already. */
static void accept_some(void)
{
	int fd = 0;

	for (int i = 0; i < EVENTS_MAX && fd >= 0; i++) {
		fd = accept4(office.listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			adopt(fd);
	}
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
		go_deaf();
}

static void stop_accepting(void)
{
	struct signalfd_siginfo which;

	if (read(office.signal_fd, &which, sizeof(which)) < 0 || office.is_stopping)
		return;
	if (!office.is_deaf)
		listen_to(EPOLL_CTL_DEL);
	office.is_deaf = false;
	pthread_mutex_lock(&office.lock);
	office.is_stopping = true;
	office.stopping_since_ms = clock_mono_ms();
	pthread_mutex_unlock(&office.lock);
}

static void on_event(const struct epoll_event *event)
{
	if (event->data.ptr == &office.listen_fd)
		accept_some();
	else if (event->data.ptr == &office.signal_fd)
		stop_accepting();
	else if (event->data.ptr == &office.bell)
		bell_hush(office.bell);
	else
		on_edge(event->data.ptr, event->events);
}

/* ---- times ---- */

/* When we stop, the time of all begins anew, but of those on which a body arrives. */
static bool is_overdue(const struct conn *c, uint64_t now)
{
	uint64_t since = c->since_ms, age;

	if (office.is_stopping && !c->is_over && !c->arrival.sender && since < office.stopping_since_ms)
		since = office.stopping_since_ms;
	age = clock_elapsed_ms(since, now);
	if (c->is_over)
		return age >= REFUSED_MS;
	if (c->arrival.sender)
		return age >= office.how.arrive_ms + arrival_bytes(&c->arrival) / BODY_RATE;
	if (office.is_stopping)
		return age >= LEAVE_MS;
	return age >= (c->talks ? HEAD_MS : IDLE_MS);
}

/* Moves c to late if it is to be refused: that may close another one, which nobody who walks
 * through all of them could bear. */
static void check_times(struct conn *c, uint64_t now, struct conn **late)
{
	if (c->state == PARKED && (is_overdue(c, now) || is_past_drain(now))) {
		if (c->is_over || !c->arrival.sender) {
			office_close(c);
			return;
		}
		take_off(c);
		add_to(late, c);
	} else if (c->state == IN_HAND && now >= c->until_ms) {
		shutdown(c->fd, SHUT_RDWR); /* its thread closes it */
		c->until_ms = DEADLINE_NEVER.at_ms;
	}
}

/* What arrives while we stop can be asked of our successor. */
static void refuse_late(struct conn **late, uint64_t now)
{
	while (*late) {
		struct conn *c = *late;

		take_off(c);
		add_to(&office.all, c);
		incoming_refuse(c, is_overdue(c, now) ? REFUSAL_SLOW : REFUSAL_STOPS);
	}
}

static void sweep(uint64_t now)
{
	struct conn *next, *late = NULL;

	pthread_mutex_lock(&office.lock);
	for (struct conn *c = office.all; c; c = next) {
		next = c->next;
		check_times(c, now, &late);
	}
	refuse_late(&late, now);
	pthread_mutex_unlock(&office.lock);
	if (office.is_deaf)
		listen_to(EPOLL_CTL_ADD);
	office.is_deaf = false;
	office.next_sweep_ms = now + SWEEP_MS;
	counting_descriptors(now);
	health_beat(now);
}

/* Longer where there is nothing whose time may run out. */
static int until_sweep_ms(bool is_empty)
{
	return is_empty && !office.is_deaf
	           ? (int)HEALTH_BEAT_MS
	           : (int)deadline_left_ms((struct deadline){office.next_sweep_ms});
}

static bool has_conns(void)
{
	bool has;

	pthread_mutex_lock(&office.lock);
	has = office.all != NULL;
	pthread_mutex_unlock(&office.lock);
	return has;
}

/* ---- its life ---- */

static void watch_own(int fd, int *which)
{
	struct epoll_event on = {.events = EPOLLIN, .data.ptr = which};

	if (fd < 0 || epoll_ctl(office.epoll_fd, EPOLL_CTL_ADD, fd, &on) < 0)
		fatal("cannot start serving: errno %d", errno);
	*which = fd;
}

static void open_office(int listen_fd)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	office.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch_own(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK), &office.signal_fd);
	watch_own(bell_new(), &office.bell);
	office.listen_fd = listen_fd;
	listen_to(EPOLL_CTL_ADD);
}

static void close_office(void)
{
	close(office.bell);
	close(office.signal_fd);
	close(office.epoll_fd);
}

void dispatch(int listen_fd, const struct dispatching *how)
{
	struct epoll_event events[EVENTS_MAX];
	bool               is_empty = true;

	office.how = *how;
	arrivals_limit(how->bytes_max);
	arrivals_go_to(how->folder);
	open_office(listen_fd);
	health_beat(clock_mono_ms());
	while (!(office.is_stopping && is_empty)) {
		int n = epoll_wait(office.epoll_fd, events, EVENTS_MAX, until_sweep_ms(is_empty));

		for (int i = 0; i < n; i++)
			on_event(&events[i]);
		free_dead();
		if (clock_mono_ms() >= office.next_sweep_ms)
			sweep(clock_mono_ms());
		is_empty = !has_conns();
	}
	free_dead();
	close_office();
}
