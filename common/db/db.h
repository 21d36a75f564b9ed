/* db.h -- PostgreSQL through a fixed-size pool.
 *
 * A statement outside db_tx() borrows a connection for that statement only;
 * inside, all use the transaction's. So no connection is ever held while a
 * provider answers: http_do() asserts cx->tx == NULL. Statements leave no
 * state on the connection but that they are prepared; with DB_PREPARE=0 not
 * even that, so PgBouncer in transaction mode may stand between. */
#ifndef DB_H
#define DB_H

#include "../base/cfg.h"
#include "../base/ctx.h"

extern const struct cfg_group db_settings;

/* Sets up an empty pool; connections are made when first needed. pg_stat_activity shows
 * them under the program's name. A DATABASE_URL that is none is fatal. */
void db_start(const char *program);

/* The same for programs that people reach who sign in: as DB_PEOPLE_ROLE, whose policies decide
 * what they may see and change (migrations/deploy/rest_access.sql), to the database of the other
 * programs, or as REST_DATABASE_URL says. */
#define DB_PEOPLE_ROLE "scribe_rest"
extern const struct cfg_group db_people_settings;
void                          db_start_for_people(const char *program);

/* Closes it when nobody uses it any more; waits a moment for statements that were given up. */
void db_stop(void);

/* A statement's result; cleared by the arena. */
struct db_rows {
	int   count;
	void *pg_result;
};

struct db_val {
	enum { DB_NULL, DB_TEXT, DB_INT, DB_NUM, DB_BOOL, DB_BYTES, DB_VECTOR, DB_REALS } type;
	union {
		const char *s;
		int64_t     i;
		double      d;
		bool        b;
		struct span bytes;
		struct {
			const float *at;
			size_t       n;
		} vec;
	};
};

static inline struct db_val db_text(const char *s)
{
	return (struct db_val){.type = s ? DB_TEXT : DB_NULL, .s = s};
}
static inline struct db_val db_int(int64_t i)
{
	return (struct db_val){.type = DB_INT, .i = i};
}
static inline struct db_val db_num(double d)
{
	return (struct db_val){.type = DB_NUM, .d = d};
}
static inline struct db_val db_bool(bool b)
{
	return (struct db_val){.type = DB_BOOL, .b = b};
}
/* bytea; a span whose ptr is NULL is SQL NULL. */
static inline struct db_val db_bytes(struct span bytes)
{
	return (struct db_val){.type = bytes.ptr ? DB_BYTES : DB_NULL, .bytes = bytes};
}
/* pgvector; NULL is SQL NULL. */
static inline struct db_val db_vector(const float *at, size_t n)
{
	return (struct db_val){.type = at ? DB_VECTOR : DB_NULL, .vec = {at, n}};
}
/* real[], for many vectors in one parameter; NULL is SQL NULL. */
static inline struct db_val db_reals(const float *at, size_t n)
{
	return (struct db_val){.type = at ? DB_REALS : DB_NULL, .vec = {at, n}};
}
#define ARGS(...) \
	(const struct db_val[]){__VA_ARGS__}, COUNT(((const struct db_val[]){__VA_ARGS__}))
#define NO_ARGS NULL, 0

/* Runs one statement with parameters $1, $2, ...; `sql` is a literal, or put together of
 * literals alone (store/table_query.c), and
 * casts its parameters (they are sent as text, but bytea and vectors). Waits for a connection and
 * for the answer at most until cx->deadline (ERR_UNAVAILABLE) or its cancel
 * (ERR_CANCELLED), and returns then at once; the statement is cancelled on the
 * server. Outside db_tx() it is run again, a few times, when it lost to others
 * (40001, 40P01). SQLSTATE decides: 23505 is ERR_CONFLICT, classes 08, 40, 53,
 * 57 and 25006 (the server is a standby) are ERR_UNAVAILABLE, others
 * ERR_INTERNAL. `uncertain` is set when it was sent and its end is not known. */
struct err *db_query(struct ctx *cx, struct db_rows *rows_out, const char *sql,
                     const struct db_val *args, size_t n) CHECKED;

/* The same for rows of which nobody knows how large they are: of what comes beyond bytes_max
 * nothing is kept. *is_all_out: there was no more, else there are no rows; that is no error, a
 * transaction goes on. */
struct err *db_query_within(struct ctx *cx, size_t bytes_max, struct db_rows *rows_out,
                            bool *is_all_out, const char *sql, const struct db_val *args,
                            size_t n) CHECKED;

/* The same for a statement whose rows do not matter; affected_out may be NULL. */
struct err *db_exec(struct ctx *cx, int64_t *affected_out, const char *sql,
                    const struct db_val *args, size_t n) CHECKED;

/* Runs body(cx, data) in one transaction: commit on NULL, roll back on error, run
 * again (5 times at most, while there is time) on 40001 and 40P01. The body calls no
 * provider. A body that returns NULL though one of its statements failed: ERR_INTERNAL. */
struct err *db_tx(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data),
                  void       *data) CHECKED;

/* Runs body(cx, data) until it ends otherwise than by ERR_UNAVAILABLE, for DB_INSIST_MS at most:
 * for what must not be lost because the database is away for a moment, as when it is restarted. A
 * try whose end nobody knows may have been carried out: the body changes nothing the second time.
 */
#define DB_INSIST_MS 5000u
struct err *db_insist(struct ctx *cx, struct err *(*body)(struct ctx *cx, void *data),
                      void       *data) CHECKED;

/* Values of a row; columns count from 0. Text is valid for the unit of work. */
bool        row_is_null(const struct db_rows *r, int row, int col);
const char *row_text(const struct db_rows *r, int row, int col); /* NULL for SQL NULL */
int64_t     row_int(const struct db_rows *r, int row, int col);  /* 0 for SQL NULL */
double      row_num(const struct db_rows *r, int row, int col);
bool        row_bool(const struct db_rows *r, int row, int col);

/* bytea, in the arena; ptr NULL for SQL NULL. */
struct span row_bytes(struct ctx *cx, const struct db_rows *r, int row, int col);

#endif
