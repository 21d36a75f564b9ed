/* db_statement.h -- one statement on one connection. */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "db.h"
#include "db_conn.h"

/* Whether statements are prepared at all. Call once, before threads. */
void db_statement_setup(bool are_prepared);

/* Runs it, as db_query() tells. Its result is cleared with the arena. A connection that is busy
 * afterwards (PQTRANS_ACTIVE) was given up half-way. `can_rerun` tells that the statement, or the
 * transaction it stands in, did nothing and may succeed when it is run again. */
struct err *db_statement_run(struct ctx *cx, struct db_conn *conn, const char *sql,
                             const struct db_val *args, size_t n, PGresult **out) CHECKED;

/* The same, row by row: rows of up to bytes_max are kept, of what is more none is. They are read
 * all the same, so that the connection can be used on. It is not prepared. */
struct db_within {
	size_t bytes_max;
	bool   is_all; /* out: it was not more */
};
struct err *db_statement_run_within(struct ctx *cx, struct db_conn *conn, const char *sql,
                                    const struct db_val *args, size_t n, struct db_within *within,
                                    PGresult **out) CHECKED;

#endif
