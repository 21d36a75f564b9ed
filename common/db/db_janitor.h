/* db_janitor.h -- ends what was left running on a connection. Thread-safe. */
#ifndef DB_JANITOR_H
#define DB_JANITOR_H

#include "db_conn.h"

/* Told when it has a connection no longer: fit to be lent again, or to be closed. */
typedef void janitor_done(struct db_conn *conn, bool is_fit);

/* Takes a connection whose statement nobody waits for any more, or whose transaction nobody ended.
 * Cancels on the server, reads the end, rolls back, and calls `done` from a thread of its own, at
 * most two seconds later. */
void db_janitor_take(struct db_conn *conn, janitor_done *done);

/* Ends what it has, as above, and its thread. Nothing is taken any more. */
void db_janitor_stop(void);

#endif
