/* db_statement.c -- sending a statement, reading its end, judging it.
 *
 * A server that turned out to be a standby (25006) is left by all connections
 * of that age. What lost to another can be run again. */
#include "db_statement.h"

#include "db_pool.h"
#include "db_values.h"

/* ---- what went wrong ---- */

static struct err *connection_lost(struct ctx *cx)
{
	struct err *e = err_new(cx, ERR_UNAVAILABLE, WHERE, "the database connection broke");

	e->uncertain = true;
	return e;
}

/* The statement is on its way, and nobody waits for its end. */
static struct err *given_up(struct ctx *cx, enum waited how)
{
	struct err *e =
		how == WAIT_CANCELLED
			? err_new(cx, ERR_CANCELLED, WHERE, "cancelled in the database")
			: err_new(cx, ERR_UNAVAILABLE, WHERE, "the database did not answer in time");

	e->uncertain = true;
	return e;
}

enum remedy { RERUN = 1, DISTRUST = 2 };

static const struct verdict {
	const char   *state; /* or how it begins */
	enum err_kind kind;
	unsigned      remedies;
} verdicts[] = {
	{"23505", ERR_CONFLICT, 0},           /* unique_violation */
	{"25006", ERR_UNAVAILABLE, DISTRUST}, /* read only: this server is not the primary any more */
	{"40001", ERR_UNAVAILABLE, RERUN},    /* serialization_failure */
	{"40P01", ERR_UNAVAILABLE, RERUN},    /* deadlock_detected */
	{"08", ERR_UNAVAILABLE, 0},           /* connection exception */
	{"40", ERR_UNAVAILABLE, 0},           /* rolled back for another reason */
	{"53", ERR_UNAVAILABLE, 0},           /* out of resources: disk, memory, connections */
	{"55P03", ERR_UNAVAILABLE, 0},        /* lock_not_available */
	{"57", ERR_UNAVAILABLE, 0},           /* cancelled, shutting down */
	{"", ERR_INTERNAL, 0},
};

static const struct verdict *judge(const char *state)
{
	size_t i = 0;

	while (strncmp(verdicts[i].state, state, strlen(verdicts[i].state)) != 0)
		i++;
	return &verdicts[i];
}

/* The server's sentence may quote data, so only the state and the names leave. */
static struct err *failed(struct ctx *cx, struct db_conn *conn, const PGresult *result)
{
	const char           *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char           *name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	const struct verdict *verdict;
	struct err           *e;

	if (!state)
		return connection_lost(cx);
	verdict = judge(state);
	if (verdict->remedies & DISTRUST)
		db_pool_distrust(conn);
	e = err_new(cx, verdict->kind, WHERE, "SQLSTATE %s %s", state, name ? name : "");
	e->can_rerun = verdict->remedies & RERUN;
	return e;
}

/* ---- there and back ---- */

static struct err *flush(struct ctx *cx, struct db_conn *conn)
{
	for (;;) {
		int         left = PQflush(conn->pg);
		enum waited how;

		if (left == 0)
			return NULL;
		if (left < 0)
			return connection_lost(cx);
		how = db_conn_wait(cx, conn, true);
		if (how != WAIT_READY)
			return given_up(cx, how);
	}
}

static void clear_result(void *result)
{
	PQclear(result);
}

/* What was sent, and the last of its results, once the connection has nothing more to say. */
static struct err *finish(struct ctx *cx, struct db_conn *conn, PGresult **out)
{
	TRY(flush(cx, conn));
	*out = NULL;
	for (;;) {
		PGresult *next;

		while (PQisBusy(conn->pg)) {
			enum waited how = db_conn_wait(cx, conn, false);

			if (how != WAIT_READY)
				return given_up(cx, how);
			if (!PQconsumeInput(conn->pg))
				return connection_lost(cx);
		}
		next = PQgetResult(conn->pg);
		if (!next)
			return *out ? NULL : connection_lost(cx);
		arena_defer(cx->arena, clear_result, next);
		*out = next;
	}
}

static bool is_good(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* ---- one statement ---- */

struct err *db_statement_run(struct ctx *cx, struct db_conn *conn, const char *sql,
                             const struct db_val *args, size_t n, PGresult **out)
{
	struct db_params p = db_params_of(cx, args, n);

	if (!PQsendQueryParams(conn->pg, sql, (int)n, NULL, p.values, p.lengths, p.formats, 0))
		return connection_lost(cx);
	TRY(finish(cx, conn, out));
	return is_good(*out) ? NULL : failed(cx, conn, *out);
}
