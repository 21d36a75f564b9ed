/* db.c -- the settings, and statements outside and inside transactions. */
#include "db.h"

#include "db_pool.h"
#include "db_statement.h"
#include "db_tx.h"

struct db_values {
	const char *url;
	int64_t     pool_size, connect_ms, lifetime_ms;
	bool        are_prepared;
};
static struct db_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(db_values, url, "DATABASE_URL", .flags = CFG_REQUIRED | CFG_SECRET,
                .help = "PostgreSQL as a libpq URL; scripts/stack sets its own"),
	CFG_KEY_INT(db_values, pool_size, "DB_POOL_SIZE", .fallback = "8", .min = 1, .max = 100,
                .help = "connections per program, of which jobs use a third, addresses that want "
                        "much at once a half; one more stands beside"),
	CFG_KEY_INT(db_values, connect_ms, "DB_CONNECT_MS", .fallback = "2000", .min = 10, .max = 60000,
                .help = "longest wait for a new connection, of all hosts together"),
	CFG_KEY_INT(db_values, lifetime_ms, "DB_LIFETIME_MS", .fallback = "1800000", .min = 1000,
                .max = 86400000, .help = "a connection older than this is replaced"),
	CFG_KEY_BOOL(db_values, are_prepared, "DB_PREPARE", .fallback = "1",
                 .help = "0: statements are not prepared, for a pooler in transaction mode"),
};

const struct cfg_group db_settings = {"Database", &values, keys, COUNT(keys)};

struct db_people_values {
	const char *url;
};
static struct db_people_values people;

static const struct cfg_key people_keys[] = {
	CFG_KEY_STR(db_people_values, url, "REST_DATABASE_URL", .flags = CFG_SECRET,
                .help = "the database as " DB_PEOPLE_ROLE
                        ", for people who sign in; default: DATABASE_URL with that user"),
};

const struct cfg_group db_people_settings = {"Database for people", &people, people_keys,
                                             COUNT(people_keys)};

static void start(const char *url, const char *role, const char *program)
{
	db_conn_setup(url, role, program, (unsigned)values.connect_ms);
	db_statement_setup(values.are_prepared);
	db_pool_start((unsigned)values.pool_size, (unsigned)values.lifetime_ms);
}

void db_start(const char *program)
{
	start(values.url, NULL, program);
}

void db_start_for_people(const char *program)
{
	start(people.url ? people.url : values.url, people.url ? NULL : DB_PEOPLE_ROLE, program);
}

void db_stop(void)
{
	db_pool_stop();
	db_conn_forget_setup();
}

/* ---- statements ---- */

/* What is run; within: NULL, or its rows are bounded. */
struct order {
	const char          *sql;
	const struct db_val *args;
	size_t               n;
	struct db_within    *within;
};

static struct err *run_on(struct ctx *cx, struct db_conn *conn, const struct order *o,
                          PGresult **out)
{
	if (o->within)
		return db_statement_run_within(cx, conn, o->sql, o->args, o->n, o->within, out);
	return db_statement_run(cx, conn, o->sql, o->args, o->n, out);
}

static struct err *run_borrowed(struct ctx *cx, const struct order *o, PGresult **out)
{
	struct db_conn *conn;
	struct err     *e;

	TRY(db_pool_take(cx, &conn));
	e = run_on(cx, conn, o, out);
	db_pool_give(conn);
	return e;
}

/* One that lost to another did nothing. Inside a transaction db_tx() runs all of it again. */
static struct err *run_outside(struct ctx *cx, const struct order *o, PGresult **out)
{
	for (unsigned tried = 1;; tried++) {
		struct err *e = run_borrowed(cx, o, out);

		if (!db_tries_again(cx, e, tried))
			return e;
	}
}

static struct err *run(struct ctx *cx, const struct order *o, PGresult **out)
{
	uint64_t    start = clock_mono_ms();
	struct err *e = cx->tx ? run_on(cx, cx->tx, o, out) : run_outside(cx, o, out);

	cx->cost.db_ms += (unsigned)(clock_mono_ms() - start);
	return e;
}

static struct db_rows rows_of(PGresult *result)
{
	return (struct db_rows){.count = PQntuples(result), .pg_result = result};
}

struct err *db_query(struct ctx *cx, struct db_rows *rows_out, const char *sql,
                     const struct db_val *args, size_t n)
{
	PGresult *result;

	TRY(run(cx, &(struct order){sql, args, n, NULL}, &result));
	*rows_out = rows_of(result);
	return NULL;
}

struct err *db_query_within(struct ctx *cx, size_t bytes_max, struct db_rows *rows_out,
                            bool *is_all_out, const char *sql, const struct db_val *args, size_t n)
{
	struct db_within within = {.bytes_max = bytes_max};
	PGresult        *result;

	TRY(run(cx, &(struct order){sql, args, n, &within}, &result));
	*rows_out = rows_of(result);
	*is_all_out = within.is_all;
	return NULL;
}

struct err *db_exec(struct ctx *cx, int64_t *affected_out, const char *sql,
                    const struct db_val *args, size_t n)
{
	PGresult *result;

	TRY(run(cx, &(struct order){sql, args, n, NULL}, &result));
	if (affected_out && !str_to_int(PQcmdTuples(result), 0, INT64_MAX, affected_out))
		*affected_out = 0;
	return NULL;
}
