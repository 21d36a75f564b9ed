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

#endif
