/* db_side.c -- who uses the connection has the one place at its turnstile.
 *
 * The listener has it only while it looks, and waits at the socket without it. What arrives while
 * another has the place is read by that one, so whoever leaves rings for the listener to look. */
#include "db_side.h"

#include "../base/bell.h"
#include "../base/fatal.h"
#include "../base/wait.h"
#include "db_conn.h"
#include "db_statement.h"

#include <errno.h>

#define LOOK_MS 5000u /* for others to give the place back, whose statements are short */

static struct {
	struct turnstile place; /* guards the two below */
	struct db_conn  *conn;
	bool             is_heard; /* this very connection listens */
	atomic_bool      has_listener;
	int              bell; /* from the first listener on */
} side = {.place = TURNSTILE(1), .bell = -1};

static void ring(void)
{
	if (atomic_load(&side.has_listener))
		bell_ring(side.bell);
}

/* ---- with the place ---- */

static void close_conn(void)
{
	if (side.conn)
		db_conn_close(side.conn);
	side.conn = NULL;
	side.is_heard = false;
}

static struct err *enter(struct ctx *cx)
{
	switch (turnstile_enter(&side.place, cx->cancel, cx->deadline)) {
	case WAIT_READY:
		return NULL;
	case WAIT_CANCELLED:
		FAIL(cx, ERR_CANCELLED, "nobody waits for the connection any more");
	case WAIT_DEADLINE:
		break;
	}
	FAIL(cx, ERR_UNAVAILABLE, "the connection beside the pool was not free in time");
}

/* ---- statements ---- */

struct err *db_side_enter(struct ctx *cx)
{
	struct err *e = NULL;

	TRY(enter(cx));
	if (!side.conn)
		e = db_conn_open(cx, &side.conn);
	if (e)
		turnstile_leave(&side.place);
	else
		cx->tx = side.conn;
	return e;
}

void db_side_leave(struct ctx *cx, const struct err *e)
{
	cx->tx = NULL;
	if (e)
		close_conn();
	turnstile_leave(&side.place);
	ring();
}

/* Whoever has the place needs it. */
void db_side_rest(void)
{
	if (turnstile_enter(&side.place, NULL, deadline_in(0)) != WAIT_READY)
		return;
	if (!side.is_heard)
		close_conn();
	turnstile_leave(&side.place);
}

/* ---- listening ---- */

static void get_bell(void)
{
	if (side.bell < 0)
		side.bell = bell_new();
	if (side.bell < 0)
		fatal("no bell for the listener: errno %d", errno);
}

struct err *db_listen(struct ctx *cx, const char *channel)
{
	PGresult   *result;
	struct err *e;

	get_bell();
	TRY(db_side_enter(cx));
	e = db_statement_run(cx, side.conn, arena_printf(cx->arena, "listen %s", channel), NO_ARGS,
	                     &result);
	side.is_heard = !e;
	atomic_store(&side.has_listener, true);
	db_side_leave(cx, e);
	return e;
}

/* The connection goes with it: what it would be told from now on nobody reads. */
void db_unlisten(void)
{
	atomic_store(&side.has_listener, false);
	if (turnstile_enter(&side.place, NULL, DEADLINE_NEVER) != WAIT_READY)
		fatal("a place that nobody gives back");
	if (side.is_heard)
		close_conn();
	turnstile_leave(&side.place);
}

static const char *next_payload(struct ctx *cx)
{
	PGnotify   *told = PQnotifies(side.conn->pg);
	const char *payload;

	if (!told)
		return NULL;
	payload = arena_strdup(cx->arena, told->extra);
	PQfreemem(told);
	return payload;
}

static struct err *look(struct ctx *cx, const char **payload_out, int *socket_out)
{
	bool is_well;

	TRY(enter(cx));
	is_well =
		side.is_heard && PQconsumeInput(side.conn->pg) && PQstatus(side.conn->pg) == CONNECTION_OK;
	if (is_well) {
		*payload_out = next_payload(cx); /* several may have come at once */
		*socket_out = PQsocket(side.conn->pg);
	} else if (side.is_heard) {
		close_conn();
	}
	turnstile_leave(&side.place);
	if (!is_well)
		FAIL(cx, ERR_UNAVAILABLE, "the listening connection broke");
	return NULL;
}

struct err *db_listen_wait(struct ctx *cx, unsigned ms, const char **payload_out)
{
	struct pollfd   on[] = {{.events = POLLIN}, {.fd = side.bell, .events = POLLIN}};
	struct deadline until = deadline_in(ms), whole = cx->deadline;
	struct err     *e;

	cx->deadline = deadline_in(LOOK_MS);
	bell_hush(side.bell);
	e = look(cx, payload_out, &on[0].fd);
	cx->deadline = whole;
	if (!e && !*payload_out)
		wait_fds(cx->cancel, on, COUNT(on), until);
	return e;
}
