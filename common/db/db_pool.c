/* db_pool.c -- a small pool of PostgreSQL connections.
 *
 * Threads are many and a connection is dear, so a few connections are lent per
 * statement. Idle ones are lent last-in-first-out: the warm one is used again
 * and the others grow old and go. A connection is looked at before it is lent:
 * an idle one whose socket is readable has been closed by the server (restart,
 * idle limit) and is replaced, so that a database restart costs nobody a
 * request. On return it is kept only when provably clean: idle outside a
 * transaction with nothing unanswered. */
#include "db_pool.h"

#include "../base/fatal.h"
#include "../base/wait.h"

#include <pthread.h>

static struct {
	pthread_mutex_t lock;
	pthread_cond_t  freed;
	struct db_conn *idle;
	unsigned        open, size, connect_ms, lifetime_ms;
	const char     *url, *program;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

void db_pool_start(const char *url, const char *program, unsigned size, unsigned connect_ms,
                   unsigned lifetime_ms)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool.freed, &attr);
	pthread_condattr_destroy(&attr);
	pool.url = url;
	pool.program = program;
	pool.size = size;
	pool.connect_ms = connect_ms;
	pool.lifetime_ms = lifetime_ms;
}

void db_conn_close(struct db_conn *conn)
{
	PQfinish(conn->pg);
	free(conn);
}

void db_pool_stop(void)
{
	while (pool.idle) {
		struct db_conn *conn = pool.idle;

		pool.idle = conn->next_idle;
		db_conn_close(conn);
	}
	pthread_cond_destroy(&pool.freed);
}

static bool wait_socket(struct ctx *cx, PGconn *pg, bool for_writing, struct deadline until)
{
	struct pollfd p = {.fd = PQsocket(pg), .events = for_writing ? POLLOUT : POLLIN};

	return wait_fds(cx->cancel, &p, 1, until) == WAIT_READY;
}

bool db_pool_wait(struct ctx *cx, const struct db_conn *conn, bool for_writing)
{
	return wait_socket(cx, conn->pg, for_writing, cx->deadline);
}

/* Silence is health: an idle connection has nothing to tell. */
static bool looks_alive(const struct db_conn *conn)
{
	struct pollfd p = {.fd = PQsocket(conn->pg), .events = POLLIN};

	return poll(&p, 1, 0) == 0 && PQstatus(conn->pg) == CONNECTION_OK;
}

static bool finish_connecting(struct ctx *cx, PGconn *pg)
{
	struct deadline until = deadline_sooner(cx->deadline, deadline_in(pool.connect_ms));
	bool            writing = true; /* as the libpq documentation asks: start by waiting to write */

	while (wait_socket(cx, pg, writing, until)) {
		PostgresPollingStatusType status = PQconnectPoll(pg);

		if (status == PGRES_POLLING_OK)
			return PQsetnonblocking(pg, 1) == 0;
		if (status == PGRES_POLLING_FAILED)
			return false;
		writing = status == PGRES_POLLING_WRITING;
	}
	return false;
}

static void quiet_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static PGconn *start_connecting(void)
{
	static const char *const names[] = {"dbname", "fallback_application_name", NULL};
	const char *const        at[] = {pool.url, pool.program, NULL};

	return PQconnectStartParams(names, at, true);
}

struct err *db_conn_open(struct ctx *cx, struct db_conn **out)
{
	PGconn         *pg = start_connecting();
	struct db_conn *conn;

	if (!pg)
		fatal("out of memory: no database connection");
	PQsetNoticeReceiver(pg, quiet_notice, NULL);
	if (PQstatus(pg) == CONNECTION_BAD || !finish_connecting(cx, pg)) {
		PQfinish(pg);
		FAIL(cx, ERR_UNAVAILABLE, "the database does not accept connections");
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn)
		fatal("out of memory: no database connection");
	conn->pg = pg;
	conn->born_ms = clock_mono_ms();
	*out = conn;
	return NULL;
}

/* Waits for a slot. True with an idle connection or, *out NULL, the right to open one. */
static bool take_slot(struct ctx *cx, struct db_conn **out)
{
	struct timespec until = {.tv_sec = (time_t)(cx->deadline.at_ms / 1000),
	                         .tv_nsec = (long)(cx->deadline.at_ms % 1000) * 1000000};
	bool            got = true;

	pthread_mutex_lock(&pool.lock);
	while (got && !pool.idle && pool.open >= pool.size)
		got = pthread_cond_timedwait(&pool.freed, &pool.lock, &until) == 0;
	if (got && pool.idle) {
		*out = pool.idle;
		pool.idle = (*out)->next_idle;
	} else if (got) {
		*out = NULL;
		pool.open++;
	}
	pthread_mutex_unlock(&pool.lock);
	return got;
}

static void give_slot(struct db_conn *conn_or_null)
{
	pthread_mutex_lock(&pool.lock);
	if (conn_or_null) {
		conn_or_null->next_idle = pool.idle;
		pool.idle = conn_or_null;
	} else {
		pool.open--;
	}
	pthread_cond_signal(&pool.freed);
	pthread_mutex_unlock(&pool.lock);
}

struct err *db_pool_take(struct ctx *cx, struct db_conn **out)
{
	struct err *e;

	if (!take_slot(cx, out))
		FAIL(cx, ERR_UNAVAILABLE, "no database connection became free in time");
	if (*out && looks_alive(*out))
		return NULL;
	if (*out)
		db_conn_close(*out);
	e = db_conn_open(cx, out);
	if (e)
		give_slot(NULL);
	return e;
}

static bool is_worth_keeping(const struct db_conn *conn)
{
	return PQstatus(conn->pg) == CONNECTION_OK && PQtransactionStatus(conn->pg) == PQTRANS_IDLE &&
	       clock_mono_ms() - conn->born_ms < pool.lifetime_ms;
}

void db_pool_give(struct db_conn *conn)
{
	if (is_worth_keeping(conn)) {
		give_slot(conn);
		return;
	}
	db_conn_close(conn);
	give_slot(NULL);
}
