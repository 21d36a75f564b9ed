/* db_janitor.c -- statements nobody waits for are cancelled, their connections kept.
 *
 * The one who gave up a statement goes on at once. Here one thread watches
 * all connections left so, by events; threads that live for one PQcancel,
 * which blocks while it talks to the server over a connection of its own, are
 * beside it, two at most.
 *
 * A late cancel must not hit the next statement. The server closes the
 * cancel's connection when the signal has been sent, and a backend forgets a
 * signal that comes between two statements. So a connection is done with when
 * no cancel for it is under way and its statement's end has been read.
 * A cancel can also come too early, before the backend has begun to read the
 * statement: it is repeated until there is an end.
 *
 * Whatever hangs, a connection comes back after TIDY_MS; the pool closes what
 * is not clean by then. A PQcancel that hangs longer holds no connection. */
#include "db_janitor.h"

#include "../base/bell.h"
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/thread.h"

#include <sys/epoll.h>
#include <unistd.h>

#define TIDY_MS     2000u
#define AGAIN_MS    100u /* between two cancels for one statement */
#define CANCELLERS  2u
#define STACK_BYTES ((size_t)256 << 10)
#define TOLD_MAX    256 /* PQcancel's own limit */

enum phase { TO_CANCEL, CANCELLING, CANCELLED, ROLLING_BACK };

struct left {
	struct db_conn *conn; /* NULL: it went back; a cancel is still under way */
	janitor_done   *done;
	enum phase      phase;
	struct deadline until, again; /* again: the next cancel, when CANCELLED */
	PGcancel       *cancel;
	struct left    *next;
};

static struct {
	pthread_mutex_t lock; /* of all below */
	struct left    *first;
	unsigned        cancellers;
	pthread_t       thread;
	int             bell, sockets; /* sockets: an epoll of the connections' */
	bool            is_running, is_stopping;
} janitor = {.lock = PTHREAD_MUTEX_INITIALIZER, .bell = -1, .sockets = -1};

/* ---- cancelling ---- */

static void *send_cancel(void *data)
{
	struct left *l = data;
	char         told[TOLD_MAX];

	if (!PQcancel(l->cancel, told, sizeof(told)))
		LOG(LOG_DEBUG, NULL, "statement_not_cancelled", F_STR("detail", told));
	pthread_mutex_lock(&janitor.lock);
	PQfreeCancel(l->cancel);
	l->cancel = NULL;
	l->phase = CANCELLED;
	l->again = deadline_in(AGAIN_MS);
	janitor.cancellers--;
	bell_ring(janitor.bell);
	pthread_mutex_unlock(&janitor.lock);
	return NULL;
}

/* With neither a canceller free nor a thread to be had it stays TO_CANCEL. */
static void begin_cancel(struct left *l)
{
	pthread_t thread;

	if (janitor.cancellers == CANCELLERS)
		return;
	l->cancel = PQgetCancel(l->conn->pg);
	if (!l->cancel)
		return;
	l->phase = CANCELLING;
	if (thread_start(&thread, STACK_BYTES, send_cancel, l) == 0) {
		pthread_detach(thread);
		janitor.cancellers++;
		return;
	}
	l->phase = TO_CANCEL;
	PQfreeCancel(l->cancel);
	l->cancel = NULL;
}

/* ---- one connection ---- */

/* Reads what there is. True when the statement has ended. */
static bool has_ended(PGconn *pg)
{
	PGresult *result;

	if (!PQconsumeInput(pg))
		return false;
	while (!PQisBusy(pg)) {
		result = PQgetResult(pg);
		if (!result)
			return true;
		PQclear(result);
	}
	return false;
}

static void go_back(struct left *l, bool is_fit)
{
	epoll_ctl(janitor.sockets, EPOLL_CTL_DEL, PQsocket(l->conn->pg), NULL);
	l->done(l->conn, is_fit);
	l->conn = NULL;
}

/* The statement's end was read and no cancel is under way. */
static void go_back_or_roll_back(struct left *l)
{
	PGconn *pg = l->conn->pg;

	if (PQtransactionStatus(pg) == PQTRANS_IDLE) {
		go_back(l, true);
	} else if (l->phase == ROLLING_BACK || !PQsendQuery(pg, "ROLLBACK") || PQflush(pg) != 0) {
		go_back(l, false);
	} else {
		l->phase = ROLLING_BACK;
	}
}

static void tend(struct left *l)
{
	PGconn *pg = l->conn->pg;
	bool    is_over = has_ended(pg);

	if (PQstatus(pg) != CONNECTION_OK || deadline_left_ms(l->until) == 0) {
		go_back(l, false); /* also one that is clean: a cancel for it may be under way */
	} else if (is_over && l->phase != CANCELLING) {
		go_back_or_roll_back(l);
	} else if (!is_over) {
		if (l->phase == CANCELLED && deadline_left_ms(l->again) == 0)
			l->phase = TO_CANCEL;
		if (l->phase == TO_CANCEL)
			begin_cancel(l);
	}
}

/* ---- all of them ---- */

/* Takes those off the list that are back and that no canceller uses. */
static void drop_finished(void)
{
	struct left **link = &janitor.first;

	while (*link) {
		struct left *l = *link;

		if (l->conn || l->phase == CANCELLING) {
			link = &l->next;
			continue;
		}
		*link = l->next;
		free(l);
	}
}

/* When a time that counts comes next. */
static struct deadline next_look(void)
{
	struct deadline next = DEADLINE_NEVER;

	for (const struct left *l = janitor.first; l; l = l->next) {
		if (!l->conn)
			continue;
		next = deadline_sooner(next, l->until);
		if (l->phase == CANCELLED)
			next = deadline_sooner(next, l->again);
		if (l->phase == TO_CANCEL && janitor.cancellers < CANCELLERS)
			next = deadline_sooner(next, deadline_in(AGAIN_MS)); /* there was no thread */
	}
	return next;
}

static bool is_over(void)
{
	if (!janitor.is_stopping)
		return false;
	for (const struct left *l = janitor.first; l; l = l->next)
		if (l->conn)
			return false;
	return true; /* a canceller that hangs is left behind */
}

static void wait_for_news(struct deadline until)
{
	struct pollfd on[] = {{.fd = janitor.bell, .events = POLLIN},
	                      {.fd = janitor.sockets, .events = POLLIN}};

	wait_fds(NULL, on, COUNT(on), until);
	if (on[0].revents)
		bell_hush(janitor.bell);
}

static void *tidy(void *data)
{
	(void)data;
	for (;;) {
		struct deadline until;

		pthread_mutex_lock(&janitor.lock);
		for (struct left *l = janitor.first; l; l = l->next)
			if (l->conn)
				tend(l);
		drop_finished();
		until = next_look();
		if (is_over())
			break;
		pthread_mutex_unlock(&janitor.lock);
		wait_for_news(until);
	}
	pthread_mutex_unlock(&janitor.lock);
	return NULL;
}

/* At the first connection that needs it: most programs never do. */
static bool start(void)
{
	if (janitor.is_running)
		return true;
	janitor.bell = bell_new();
	janitor.sockets = epoll_create1(EPOLL_CLOEXEC);
	janitor.is_running = janitor.bell >= 0 && janitor.sockets >= 0 &&
	                     thread_start_for_all(&janitor.thread, STACK_BYTES, tidy, NULL) == 0;
	return janitor.is_running;
}

/* In the order in which they came: with many the first is cancelled first. */
static void append(struct left *l)
{
	struct left **link = &janitor.first;

	while (*link)
		link = &(*link)->next;
	*link = l;
}

static bool accept_from_pool(struct left *l)
{
	struct epoll_event readable = {.events = EPOLLIN};
	bool               ok;

	pthread_mutex_lock(&janitor.lock);
	ok = !janitor.is_stopping && start() &&
	     epoll_ctl(janitor.sockets, EPOLL_CTL_ADD, PQsocket(l->conn->pg), &readable) == 0;
	if (ok) {
		append(l);
		bell_ring(janitor.bell);
	}
	pthread_mutex_unlock(&janitor.lock);
	return ok;
}

void db_janitor_take(struct db_conn *conn, janitor_done *done)
{
	struct left *l = calloc(1, sizeof(*l));

	if (!l)
		fatal("out of memory: a statement to be cancelled");
	*l = (struct left){.conn = conn, .done = done, .until = deadline_in(TIDY_MS)};
	if (accept_from_pool(l))
		return;
	free(l); /* without a thread or descriptors there is no better end */
	done(conn, false);
}

void db_janitor_stop(void)
{
	bool was_running;

	pthread_mutex_lock(&janitor.lock);
	was_running = janitor.is_running;
	janitor.is_stopping = true;
	if (was_running)
		bell_ring(janitor.bell);
	pthread_mutex_unlock(&janitor.lock);
	if (was_running)
		pthread_join(janitor.thread, NULL);
}
