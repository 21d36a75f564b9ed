/* db_statement.c -- sending a statement, reading its end, judging it.
 *
 * A statement costs more to parse and plan than to run. So a connection
 * prepares a text when it meets it for the second time: what runs once (a
 * program as plain CGI, a rare job) is not prepared. Only texts that stand in
 * the program itself are: they are not many, and their address tells which
 * one it is. Without parameters (BEGIN, NOTIFY) there is nothing to gain.
 *
 * A name is made of the text it stands for. Behind a pooler that lends another
 * server connection with each transaction (where DB_PREPARE=0 belongs) a name
 * may so be unknown or known already, and never mean another statement.
 *
 * Preparing must never be the reason that something fails. When a statement
 * is gone (26000: DISCARD ALL, a pooler) it is run once more as text; when a
 * migration changed what it gives (0A000) all connections of that age are
 * replaced. Inside a transaction the whole of it is run again. */
#include "db_statement.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "db_pool.h"
#include "db_values.h"

#define VALUE_BYTES 16u /* what libpq needs for each beside its bytes */

static struct {
	bool        are_prepared;
	atomic_bool was_loss_told;
} statements;

void db_statement_setup(bool are_prepared)
{
	statements.are_prepared = are_prepared;
}

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

enum remedy { RERUN = 1, DISTRUST = 2, UNPREPARE = 4 };

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

/* Of a statement that was prepared, before the others. */
static const struct verdict of_prepared[] = {
	{"26000", ERR_UNAVAILABLE, RERUN | UNPREPARE},            /* there is none of that name */
	{"42P05", ERR_UNAVAILABLE, RERUN},                        /* there is one already */
	{"0A000", ERR_UNAVAILABLE, RERUN | UNPREPARE | DISTRUST}, /* it gives something else now */
};

static const struct verdict *judge(const char *state, bool is_prepared)
{
	size_t i = 0;

	for (; is_prepared && i < COUNT(of_prepared); i++)
		if (str_equal(of_prepared[i].state, state))
			return &of_prepared[i];
	for (i = 0; strncmp(verdicts[i].state, state, strlen(verdicts[i].state)) != 0;)
		i++;
	return &verdicts[i];
}

static void forget_prepared(struct ctx *cx, struct db_conn *conn)
{
	for (size_t i = 0; i < conn->texts_n; i++)
		conn->texts[i].is_prepared = false;
	if (!atomic_exchange(&statements.was_loss_told, true))
		LOG(LOG_WARN, cx, "prepared_statements_lost");
}

/* The server's sentence may quote data, so only the state and the names leave. */
static struct err *failed(struct ctx *cx, struct db_conn *conn, const PGresult *result,
                          bool is_prepared)
{
	const char           *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char           *name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	const struct verdict *verdict;
	struct err           *e;

	if (!state)
		return connection_lost(cx);
	verdict = judge(state, is_prepared);
	if (verdict->remedies & UNPREPARE)
		forget_prepared(cx, conn);
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

/* NULL: the connection has nothing more to say. It is the caller's. */
static struct err *next_result(struct ctx *cx, struct db_conn *conn, PGresult **out)
{
	while (PQisBusy(conn->pg)) {
		enum waited how = db_conn_wait(cx, conn, false);

		if (how != WAIT_READY)
			return given_up(cx, how);
		if (!PQconsumeInput(conn->pg))
			return connection_lost(cx);
	}
	*out = PQgetResult(conn->pg);
	return NULL;
}

/* What was sent, and the last of its results, once the connection has nothing more to say. */
static struct err *finish(struct ctx *cx, struct db_conn *conn, PGresult **out)
{
	TRY(flush(cx, conn));
	*out = NULL;
	for (;;) {
		PGresult *next;

		TRY(next_result(cx, conn, &next));
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

/* ---- row by row ---- */

/* Rows that came one at a time, as one result. */
struct collected {
	PGresult *rows; /* NULL: none came */
	size_t    bytes;
};

static void drop_rows(struct collected *all)
{
	PQclear(all->rows);
	all->rows = NULL;
}

static size_t row_bytes_of(const PGresult *row)
{
	size_t bytes = 0;

	for (int i = 0; i < PQnfields(row); i++)
		bytes += (size_t)PQgetlength(row, 0, i) + VALUE_BYTES;
	return bytes;
}

static void add_row(struct collected *all, const PGresult *row)
{
	int at;

	if (!all->rows)
		all->rows = PQcopyResult(row, PG_COPYRES_ATTRS);
	at = all->rows ? PQntuples(all->rows) : 0;
	for (int i = 0; i < PQnfields(row); i++) {
		bool is_null = PQgetisnull(row, 0, i);

		if (!all->rows || !PQsetvalue(all->rows, at, i, is_null ? NULL : PQgetvalue(row, 0, i),
		                              is_null ? -1 : PQgetlength(row, 0, i)))
			fatal("out of memory for rows");
	}
}

/* A row is kept, and any other result is the statement's end. */
static void take_result(struct collected *all, PGresult *result, struct db_within *within,
                        PGresult **end)
{
	if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
		PQclear(*end);
		*end = result;
		return;
	}
	all->bytes += row_bytes_of(result);
	within->is_all = all->bytes <= within->bytes_max;
	if (within->is_all)
		add_row(all, result);
	else
		drop_rows(all);
	PQclear(result);
}

static struct err *collect(struct ctx *cx, struct db_conn *conn, struct collected *all,
                           struct db_within *within, PGresult **end)
{
	TRY(flush(cx, conn));
	for (;;) {
		PGresult *next;

		TRY(next_result(cx, conn, &next));
		if (!next)
			return NULL;
		take_result(all, next, within, end);
	}
}

/* The end of rows that came one at a time has none. */
static struct err *finish_rows(struct ctx *cx, struct db_conn *conn, struct db_within *within,
                               PGresult **out)
{
	struct collected all = {.rows = NULL};
	PGresult        *end = NULL;
	struct err      *e = collect(cx, conn, &all, within, &end);

	if (end)
		arena_defer(cx->arena, clear_result, end);
	if (all.rows)
		arena_defer(cx->arena, clear_result, all.rows);
	TRY(e);
	if (!end)
		return connection_lost(cx);
	if (!is_good(end))
		return failed(cx, conn, end, false);
	*out = all.rows ? all.rows : end;
	return NULL;
}

struct err *db_statement_run_within(struct ctx *cx, struct db_conn *conn, const char *sql,
                                    const struct db_val *args, size_t n, struct db_within *within,
                                    PGresult **out)
{
	struct db_params p = db_params_of(cx, args, n);

	within->is_all = true;
	if (!PQsendQueryParams(conn->pg, sql, (int)n, NULL, p.values, p.lengths, p.formats, 0) ||
	    !PQsetSingleRowMode(conn->pg))
		return connection_lost(cx);
	return finish_rows(cx, conn, within, out);
}

/* ---- prepared ones ---- */

/* The linker's names for where the program begins and ends.
 * NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): it reserves them */
extern const char __executable_start[], _end[];

static bool is_part_of_program(const char *sql)
{
	return (uintptr_t)sql >= (uintptr_t)__executable_start && (uintptr_t)sql < (uintptr_t)_end;
}

static void name_text(struct db_text *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (const char *at = text->sql; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	snprintf(text->name, sizeof(text->name), "s%016llx", (unsigned long long)hash);
}

/* NULL: it is not to be prepared, or not yet. */
static struct db_text *text_of(struct db_conn *conn, const char *sql)
{
	struct db_text *text;

	for (size_t i = 0; i < conn->texts_n; i++)
		if (conn->texts[i].sql == sql)
			return &conn->texts[i];
	if (conn->texts_n == DB_TEXTS_MAX || !is_part_of_program(sql))
		return NULL;
	text = &conn->texts[conn->texts_n++];
	text->sql = sql;
	name_text(text);
	return NULL;
}

static struct err *prepare(struct ctx *cx, struct db_conn *conn, struct db_text *text)
{
	PGresult *result;

	if (!PQsendPrepare(conn->pg, text->name, text->sql, 0, NULL))
		return connection_lost(cx);
	TRY(finish(cx, conn, &result));
	text->is_prepared =
		is_good(result) || str_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42P05");
	if (is_good(result) || (text->is_prepared && PQtransactionStatus(conn->pg) == PQTRANS_IDLE))
		return NULL;
	return failed(cx, conn, result, text->is_prepared);
}

/* ---- one statement ---- */

struct statement {
	const char      *sql;
	struct db_params params;
	int              n;
};

static struct err *run_once(struct ctx *cx, struct db_conn *conn, const struct statement *s,
                            const struct db_text *prepared, PGresult **out)
{
	const struct db_params *p = &s->params;
	int                     sent;

	if (prepared)
		sent = PQsendQueryPrepared(conn->pg, prepared->name, s->n, p->values, p->lengths,
		                           p->formats, 0);
	else
		sent =
			PQsendQueryParams(conn->pg, s->sql, s->n, NULL, p->values, p->lengths, p->formats, 0);
	if (!sent)
		return connection_lost(cx);
	TRY(finish(cx, conn, out));
	return is_good(*out) ? NULL : failed(cx, conn, *out, prepared != NULL);
}

struct err *db_statement_run(struct ctx *cx, struct db_conn *conn, const char *sql,
                             const struct db_val *args, size_t n, PGresult **out)
{
	struct statement s = {sql, db_params_of(cx, args, n), (int)n};
	struct db_text  *text = statements.are_prepared && n ? text_of(conn, sql) : NULL;
	struct err      *e;

	if (text && !text->is_prepared)
		TRY(prepare(cx, conn, text));
	e = run_once(cx, conn, &s, text, out);
	if (e && text && !text->is_prepared && PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
		e = run_once(cx, conn, &s, NULL, out);
	return e;
}
