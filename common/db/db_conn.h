/* db_conn.h -- one connection to PostgreSQL, and how it is made. */
#ifndef DB_CONN_H
#define DB_CONN_H

#include "../base/ctx.h"
#include "../base/wait.h"

#include <libpq-fe.h>

#define DB_TEXTS_MAX  128 /* a program has some 60; what comes beyond is never prepared */
#define DB_TEXT_CHARS 20

/* A statement's text that this connection has met. */
struct db_text {
	const char *sql; /* lives as long as the program */
	char        name[DB_TEXT_CHARS];
	bool        is_prepared;
};

struct db_conn {
	PGconn  *pg;
	uint64_t born_ms;
	unsigned era; /* of the pool, when it was made */
	/* Which turnstile who has it passed before that of all (db_pool.c); NULL: none. */
	struct turnstile *passed;
	struct db_text    texts[DB_TEXTS_MAX];
	size_t            texts_n;
	struct db_conn   *next_idle;
};

/* Where connections go to, and as whom: `role`, or NULL: as the url says. Call once, before
 * threads. A url libpq does not understand is fatal. */
void db_conn_setup(const char *url, const char *role, const char *program, unsigned connect_ms);
void db_conn_forget_setup(void);

/* Connects. Of several hosts each has its share of the time there is, the one that answered last
 * is asked first, and a host that was passed over is logged. ERR_UNAVAILABLE with libpq's reason,
 * ERR_CANCELLED. */
struct err *db_conn_open(struct ctx *cx, struct db_conn **out) CHECKED;
void        db_conn_close(struct db_conn *conn);

/* Until its socket is readable (or writable). */
enum waited db_conn_wait(struct ctx *cx, const struct db_conn *conn, bool for_writing);

#endif
