/* db_pool.c -- a small pool of PostgreSQL connections.
 *
 * Threads are many and a connection is dear, so a few connections are lent per
 * statement. Who borrows has a place; there are as many as the pool is large,
 * given out in the order of asking, and each connection is either idle or has
 * a place. So there are never more connections than places, whoever gives up
 * whatever: an unanswered statement keeps its connection and its place until
 * the janitor has ended it. A job passes a turnstile of its own before, which
 * lets a third of the pool through, and a request of a crowd (ctx.h) one that
 * lets half of it: nobody else waits for a queue of these, whose threads may
 * wait for a processor with a connection in hand.
 *
 * Idle ones are lent last-in-first-out: the warm one is used again and the
 * others grow old and go. A connection is looked at before it is lent: an
 * idle one whose socket is readable has been closed by the server (restart,
 * idle limit) and is replaced, so that a database restart costs nobody a
 * request. It comes back to the idle ones only when provably clean: outside a
 * transaction with nothing unanswered. */
#include "db_pool.h"

#include "db_janitor.h"

#include "../base/metrics.h"

#define JOBS_SHARE   3u /* jobs hold one in so many */
#define CROWDS_SHARE 2u /* and crowds */

static struct {
	struct turnstile  places, job_places, crowd_places;
	pthread_mutex_t   lock; /* of idle */
	struct db_conn   *idle;
	unsigned          lifetime_ms;
	_Atomic(unsigned) era; /* connections of another one are not used any more */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

void db_pool_start(unsigned size, unsigned lifetime_ms)
{
	unsigned for_jobs = size / JOBS_SHARE, for_crowds = size / CROWDS_SHARE;

	pool.places = (struct turnstile)TURNSTILE(size);
	pool.job_places = (struct turnstile)TURNSTILE(for_jobs ? for_jobs : 1);
	pool.crowd_places = (struct turnstile)TURNSTILE(for_crowds ? for_crowds : 1);
	pool.lifetime_ms = lifetime_ms;
}

/* ---- places ---- */

static struct err *not_entered(struct ctx *cx, enum waited how)
{
	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for a database connection");
	FAIL(cx, ERR_UNAVAILABLE, "no database connection became free in time");
}

/* What it passes before; NULL: nothing. */
static struct turnstile *turnstile_of(const struct ctx *cx)
{
	if (cx->is_job)
		return &pool.job_places;
	return ctx_is_crowd(cx) ? &pool.crowd_places : NULL;
}

static struct err *enter(struct ctx *cx, struct turnstile *before)
{
	enum waited how = WAIT_READY;

	if (before)
		how = turnstile_enter(before, cx->cancel, cx->deadline);
	if (how != WAIT_READY)
		return not_entered(cx, how);
	how = turnstile_enter(&pool.places, cx->cancel, cx->deadline);
	if (how == WAIT_READY)
		return NULL;
	if (before)
		turnstile_leave(before);
	return not_entered(cx, how);
}

static void leave(struct turnstile *before)
{
	metrics_gauge_add(GAUGE_database_in_use, -1);
	turnstile_leave(&pool.places);
	if (before)
		turnstile_leave(before);
}

/* ---- idle connections ---- */

static struct db_conn *pop_idle(void)
{
	struct db_conn *conn;

	pthread_mutex_lock(&pool.lock);
	conn = pool.idle;
	if (conn)
		pool.idle = conn->next_idle;
	pthread_mutex_unlock(&pool.lock);
	return conn;
}

static void push_idle(struct db_conn *conn)
{
	pthread_mutex_lock(&pool.lock);
	conn->next_idle = pool.idle;
	pool.idle = conn;
	pthread_mutex_unlock(&pool.lock);
}

static bool is_young(const struct db_conn *conn)
{
	return PQstatus(conn->pg) == CONNECTION_OK && conn->era == atomic_load(&pool.era) &&
	       clock_mono_ms() - conn->born_ms < pool.lifetime_ms;
}

/* Silence is health: an idle connection has nothing to tell. */
static bool is_silent(const struct db_conn *conn)
{
	struct pollfd p = {.fd = PQsocket(conn->pg), .events = POLLIN};

	return wait_fds(NULL, &p, 1, deadline_in(0)) == WAIT_DEADLINE;
}

static struct db_conn *take_idle(void)
{
	struct db_conn *conn = pop_idle();

	while (conn && !(is_young(conn) && is_silent(conn))) {
		db_conn_close(conn);
		conn = pop_idle();
	}
	return conn;
}

/* ---- lending ---- */

static struct err *idle_or_new(struct ctx *cx, struct db_conn **out)
{
	unsigned era = atomic_load(&pool.era);

	*out = take_idle();
	if (*out)
		return NULL;
	TRY(db_conn_open(cx, out));
	(*out)->era = era;
	return NULL;
}

struct err *db_pool_take(struct ctx *cx, struct db_conn **out)
{
	struct err       *e;
	struct turnstile *before = turnstile_of(cx);
	uint64_t          start_ms = clock_mono_ms();

	e = enter(cx, before);
	metrics_time_ms(METRIC_database_wait, ALONE, clock_mono_ms() - start_ms);
	if (e && e->kind == ERR_UNAVAILABLE)
		metrics_add(METRIC_database_refused, ALONE, 1);
	TRY(e);
	metrics_gauge_add(GAUGE_database_in_use, 1);
	e = idle_or_new(cx, out);
	if (e)
		leave(before);
	else
		(*out)->passed = before;
	return e;
}

/* It is idle or closed before its place is free. */
static void end_loan(struct db_conn *conn, bool is_fit)
{
	struct turnstile *passed = conn->passed;

	if (is_fit && is_young(conn))
		push_idle(conn);
	else
		db_conn_close(conn);
	leave(passed);
}

/* A statement that has not left us whole is never run: closing ends it. */
void db_pool_give(struct db_conn *conn)
{
	if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
		end_loan(conn, true);
	else if (!is_young(conn) || PQflush(conn->pg) != 0)
		end_loan(conn, false);
	else
		db_janitor_take(conn, end_loan);
}

void db_pool_distrust(const struct db_conn *conn)
{
	unsigned era = conn->era;

	atomic_compare_exchange_strong(&pool.era, &era, era + 1);
}

void db_pool_stop(void)
{
	struct db_conn *conn;

	db_janitor_stop();
	while ((conn = pop_idle()))
		db_conn_close(conn);
}
