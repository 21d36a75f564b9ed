/* db_tx.c -- transactions, and running again what lost to another. */
#include "db_tx.h"

#include "../base/crypto.h"
#include "../base/log.h"
#include "../base/wait.h"
#include "db_pool.h"
#include "db_statement.h"

#include <assert.h>

#define TRIES_MAX 5u
#define PAUSE_MS  4u /* at least; twice as long after each further try, and up to as much more */
#define AWAY_MS   50u

/* ---- again ---- */

bool db_tries_again(struct ctx *cx, const struct err *e, unsigned tried)
{
	uint32_t        pause_ms = PAUSE_MS << tried;
	struct deadline until;

	if (!e || !e->can_rerun || tried >= TRIES_MAX)
		return false;
	until = deadline_in(pause_ms + crypto_random_below(pause_ms));
	return until.at_ms < cx->deadline.at_ms &&
	       wait_fds(cx->cancel, NULL, 0, until) == WAIT_DEADLINE;
}

/* ---- transactions ---- */

/* An ending that nobody can wait for is the pool's to see to. */
static void roll_back(struct ctx *cx, struct db_conn *conn)
{
	PGTransactionStatusType state = PQtransactionStatus(conn->pg);
	PGresult               *result;
	struct err             *e;

	if ((state != PQTRANS_INTRANS && state != PQTRANS_INERROR) || ctx_cancelled(cx) ||
	    deadline_left_ms(cx->deadline) == 0)
		return;
	e = db_statement_run(cx, conn, "ROLLBACK", NO_ARGS, &result);
	if (e)
		log_err(LOG_WARN, cx, "rollback_failed", e);
}

/* COMMIT of a transaction in which a statement failed is no error to the server. */
static struct err *commit(struct ctx *cx, struct db_conn *conn)
{
	PGresult *result;

	TRY(db_statement_run(cx, conn, "COMMIT", NO_ARGS, &result));
	if (str_equal(PQcmdStatus(result), "ROLLBACK"))
		FAIL(cx, ERR_INTERNAL, "a statement of the transaction had failed: nothing was committed");
	return NULL;
}

static struct err *tx_once(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data),
                           void       *data)
{
	struct db_conn *conn;
	PGresult       *result;
	struct err     *e;

	TRY(db_pool_take(cx, &conn));
	e = db_statement_run(cx, conn, "BEGIN", NO_ARGS, &result);
	if (!e) {
		cx->tx = conn;
		e = body(cx, data);
		cx->tx = NULL;
		if (!e)
			e = commit(cx, conn);
		roll_back(cx, conn);
	}
	db_pool_give(conn);
	return e;
}

struct err *db_tx(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data), void *data)
{
	struct err *e;

	assert(!cx->tx);
	for (unsigned tried = 1;; tried++) {
		e = tx_once(cx, body, data);
		if (!db_tries_again(cx, e, tried))
			break;
	}
	return e;
}

/* ---- a database that is away for a moment ---- */

static bool waits_for_it(struct ctx *cx, struct deadline until)
{
	struct deadline next = deadline_in(AWAY_MS);

	return next.at_ms < deadline_sooner(cx->deadline, until).at_ms &&
	       wait_fds(cx->cancel, NULL, 0, next) == WAIT_DEADLINE;
}

struct err *db_insist(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data), void *data)
{
	struct deadline until = deadline_in(DB_INSIST_MS);
	struct err     *e;

	do
		e = body(cx, data);
	while (e && e->kind == ERR_UNAVAILABLE && waits_for_it(cx, until));
	return e;
}
