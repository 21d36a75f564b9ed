/* db_listen.c -- hearing NOTIFY.
 *
 * Not a connection of the pool: those are lent per statement and may belong to
 * PgBouncer, where a LISTEN is lost with the transaction. */
#include "db_listen.h"

#include "../base/fatal.h"
#include "db_conn.h"
#include "db_statement.h"

struct db_listener {
	struct db_conn *conn;
};

static struct err *listen_on(struct ctx *cx, struct db_conn *conn, const char *channel)
{
	PGresult *result;

	return db_statement_run(cx, conn, arena_printf(cx->arena, "listen %s", channel), NO_ARGS,
	                        &result);
}

struct err *db_listen(struct ctx *cx, const char *channel, struct db_listener **out)
{
	struct db_listener *l;
	struct db_conn     *conn;
	struct err         *e;

	TRY(db_conn_open(cx, &conn));
	e = listen_on(cx, conn, channel);
	if (e) {
		db_conn_close(conn);
		return e;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		fatal("out of memory: no listener");
	l->conn = conn;
	*out = l;
	return NULL;
}

void db_unlisten(struct db_listener *listener)
{
	db_conn_close(listener->conn);
	free(listener);
}

static const char *next_payload(struct ctx *cx, PGconn *pg)
{
	PGnotify   *told = PQnotifies(pg);
	const char *payload;

	if (!told)
		return NULL;
	payload = arena_strdup(cx->arena, told->extra);
	PQfreemem(told);
	return payload;
}

struct err *db_listen_wait(struct ctx *cx, struct db_listener *listener, unsigned ms,
                           const char **payload_out)
{
	PGconn       *pg = listener->conn->pg;
	struct pollfd on = {.fd = PQsocket(pg), .events = POLLIN};

	*payload_out = next_payload(cx, pg); /* several may have come at once */
	if (*payload_out || wait_fds(cx->cancel, &on, 1, deadline_in(ms)) != WAIT_READY)
		return NULL;
	if (!PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
		FAIL(cx, ERR_UNAVAILABLE, "the listening connection broke");
	*payload_out = next_payload(cx, pg);
	return NULL;
}
