/* db.c -- statements and transactions over the pool. */
#include "db.h"

#include "../base/crypto.h"
#include "../base/fatal.h"
#include "../base/log.h"
#include "db_pool.h"

#include <assert.h>
#include <unistd.h>

#define TX_TRIES 3

struct db_values {
	const char *url;
	int64_t     pool_size, connect_ms, lifetime_ms;
};
static struct db_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(db_values, url, "DATABASE_URL", .flags = CFG_REQUIRED | CFG_SECRET,
                .help = "PostgreSQL as a libpq URL; scripts/stack sets its own"),
	CFG_KEY_INT(db_values, pool_size, "DB_POOL_SIZE", .fallback = "4", .min = 1, .max = 100,
                .help = "connections per program"),
	CFG_KEY_INT(db_values, connect_ms, "DB_CONNECT_MS", .fallback = "2000", .min = 10, .max = 60000,
                .help = "longest wait for a new connection"),
	CFG_KEY_INT(db_values, lifetime_ms, "DB_LIFETIME_MS", .fallback = "1800000", .min = 1000,
                .max = 86400000, .help = "a connection older than this is replaced"),
};

const struct cfg_group db_settings = {"Database", &values, keys, COUNT(keys)};

void db_start(const char *program)
{
	db_pool_start(values.url, program, (unsigned)values.pool_size, (unsigned)values.connect_ms,
	              (unsigned)values.lifetime_ms);
}

void db_stop(void)
{
	db_pool_stop();
}

/* ---- parameters ---- */

static const char *vector_text(struct ctx *cx, const float *at, size_t n)
{
	struct buf b = buf_new(cx->arena, 0);

	buf_char(&b, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, i ? ",%.9g" : "%.9g", (double)at[i]);
	buf_char(&b, ']');
	return buf_text(&b);
}

/* Parameters as libpq wants them: text, but bytea in binary so that audio is not doubled. */
struct params {
	const char **values;
	int         *lengths, *formats;
};

static const char *value_text(struct ctx *cx, const struct db_val *v)
{
	switch (v->type) {
	case DB_TEXT:
		return v->s;
	case DB_INT:
		return arena_printf(cx->arena, "%lld", (long long)v->i);
	case DB_NUM:
		return arena_printf(cx->arena, "%.17g", v->d);
	case DB_BOOL:
		return v->b ? "t" : "f";
	case DB_BYTES:
		return v->bytes.ptr;
	case DB_VECTOR:
		return vector_text(cx, v->vec.at, v->vec.n);
	case DB_NULL:
		break;
	}
	return NULL;
}

static struct params params_of(struct ctx *cx, const struct db_val *args, size_t n)
{
	struct params p = {NEW_ARRAY(cx->arena, const char *, n + 1), NEW_ARRAY(cx->arena, int, n + 1),
	                   NEW_ARRAY(cx->arena, int, n + 1)};

	for (size_t i = 0; i < n; i++) {
		p.values[i] = value_text(cx, &args[i]);
		if (args[i].type == DB_BYTES) {
			p.lengths[i] = (int)args[i].bytes.len;
			p.formats[i] = 1;
		}
	}
	return p;
}

/* ---- one statement ---- */

static void clear_result(void *result)
{
	PQclear(result);
}

static struct err *connection_lost(struct ctx *cx)
{
	struct err *e = err_new(cx, ERR_UNAVAILABLE, WHERE, "the database connection broke");

	e->uncertain = true;
	return e;
}

static enum err_kind kind_of_sqlstate(const char *state)
{
	static const struct {
		const char   *prefix;
		enum err_kind kind;
	} table[] = {
		{"23505", ERR_CONFLICT},    /* unique_violation */
		{"08", ERR_UNAVAILABLE},    /* connection exception */
		{"40", ERR_UNAVAILABLE},    /* serialisation failure, deadlock */
		{"53", ERR_UNAVAILABLE},    /* out of resources: disk, memory, connections */
		{"55P03", ERR_UNAVAILABLE}, /* lock_not_available */
		{"57", ERR_UNAVAILABLE},    /* cancelled, shutting down */
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (strncmp(state, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].kind;
	return ERR_INTERNAL;
}

/* The server's sentence may quote data, so only the state and the names leave. */
static struct err *statement_failed(struct ctx *cx, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *name = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	struct err *e;

	if (!state)
		return connection_lost(cx);
	e = err_new(cx, kind_of_sqlstate(state), WHERE, "SQLSTATE %s %s", state, name ? name : "");
	e->can_rerun = strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
	return e;
}

static struct err *flush(struct ctx *cx, struct db_conn *conn)
{
	for (;;) {
		int left = PQflush(conn->pg);

		if (left == 0)
			return NULL;
		if (left < 0)
			return connection_lost(cx);
		if (!db_pool_wait(cx, conn, true))
			FAIL(cx, ERR_UNAVAILABLE, "the database took no statement in time");
	}
}

/* The statement's last result, once the connection has nothing more to say. */
static struct err *collect(struct ctx *cx, struct db_conn *conn, PGresult **out)
{
	*out = NULL;
	for (;;) {
		while (PQisBusy(conn->pg)) {
			if (!db_pool_wait(cx, conn, false)) {
				struct err *e =
					err_new(cx, ERR_UNAVAILABLE, WHERE, "the database did not answer in time");
				e->uncertain = true;
				return e;
			}
			if (!PQconsumeInput(conn->pg))
				return connection_lost(cx);
		}
		PGresult *next = PQgetResult(conn->pg);

		if (!next)
			return *out ? NULL : connection_lost(cx);
		arena_defer(cx->arena, clear_result, next);
		*out = next;
	}
}

static struct err *run_on(struct ctx *cx, struct db_conn *conn, const char *sql,
                          const struct db_val *args, size_t n, PGresult **out)
{
	struct params p = params_of(cx, args, n);

	if (!PQsendQueryParams(conn->pg, sql, (int)n, NULL, p.values, p.lengths, p.formats, 0))
		return connection_lost(cx);
	TRY(flush(cx, conn));
	TRY(collect(cx, conn, out));
	if (PQresultStatus(*out) != PGRES_TUPLES_OK && PQresultStatus(*out) != PGRES_COMMAND_OK)
		return statement_failed(cx, *out);
	return NULL;
}

static struct err *run(struct ctx *cx, const char *sql, const struct db_val *args, size_t n,
                       PGresult **out)
{
	uint64_t        start = clock_mono_ms();
	struct db_conn *conn = cx->tx;
	struct err     *e = NULL;

	if (!conn)
		TRY(db_pool_take(cx, &conn));
	e = run_on(cx, conn, sql, args, n, out);
	if (!cx->tx)
		db_pool_give(conn);
	cx->cost.db_ms += (unsigned)(clock_mono_ms() - start);
	return e;
}

struct err *db_query(struct ctx *cx, struct db_rows *rows_out, const char *sql,
                     const struct db_val *args, size_t n)
{
	PGresult *result;

	TRY(run(cx, sql, args, n, &result));
	*rows_out = (struct db_rows){.count = PQntuples(result), .pg_result = result};
	return NULL;
}

struct err *db_exec(struct ctx *cx, int64_t *affected_out, const char *sql,
                    const struct db_val *args, size_t n)
{
	PGresult *result;

	TRY(run(cx, sql, args, n, &result));
	if (affected_out && !str_to_int(PQcmdTuples(result), 0, INT64_MAX, affected_out))
		*affected_out = 0;
	return NULL;
}

struct err *db_ping(struct ctx *cx)
{
	return db_exec(cx, NULL, "select 1", NO_ARGS);
}

/* ---- transactions ---- */

static void roll_back(struct ctx *cx)
{
	struct err *e = db_exec(cx, NULL, "ROLLBACK", NO_ARGS);

	if (e)
		log_err(LOG_WARN, cx, "rollback_failed", e); /* the pool drops the connection */
}

static struct err *tx_once(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data),
                           void       *data)
{
	struct db_conn *conn;
	struct err     *e;

	TRY(db_pool_take(cx, &conn));
	cx->tx = conn;
	e = db_exec(cx, NULL, "BEGIN", NO_ARGS);
	if (!e)
		e = body(cx, data);
	if (!e)
		e = db_exec(cx, NULL, "COMMIT", NO_ARGS);
	else
		roll_back(cx);
	cx->tx = NULL;
	db_pool_give(conn);
	return e;
}

struct err *db_tx(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data), void *data)
{
	struct err *e = NULL;

	assert(!cx->tx);
	for (int i = 0; i < TX_TRIES; i++) {
		e = tx_once(cx, body, data);
		if (!e || !e->can_rerun)
			return e;
		usleep((useconds_t)(1000 + crypto_random_below(9000))); /* let the other one finish */
	}
	return e;
}

/* ---- rows ---- */

bool row_is_null(const struct db_rows *r, int row, int col)
{
	return PQgetisnull(r->pg_result, row, col);
}

const char *row_text(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? NULL : PQgetvalue(r->pg_result, row, col);
}

int64_t row_int(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? 0 : strtoll(PQgetvalue(r->pg_result, row, col), NULL, 10);
}

double row_num(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? 0 : strtod(PQgetvalue(r->pg_result, row, col), NULL);
}

bool row_bool(const struct db_rows *r, int row, int col)
{
	return PQgetvalue(r->pg_result, row, col)[0] == 't';
}

struct span row_bytes(struct ctx *cx, const struct db_rows *r, int row, int col)
{
	unsigned char *bytes;
	char          *copy;
	size_t         len;

	if (row_is_null(r, row, col))
		return (struct span){NULL, 0};
	bytes = PQunescapeBytea((const unsigned char *)PQgetvalue(r->pg_result, row, col), &len);
	if (!bytes)
		fatal("out of memory: bytea of a row");
	copy = arena_strndup(cx->arena, (const char *)bytes, len);
	PQfreemem(bytes);
	return (struct span){copy, len};
}
