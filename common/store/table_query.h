/* table_query.h -- the statements that a table_query becomes, for people (tables.h).
 *
 * In a transaction that has said whose it is (access.h), on a connection of scribe_rest: the
 * database decides what they may see and change. */
#ifndef STORE_TABLE_QUERY_H
#define STORE_TABLE_QUERY_H

#include "../base/ctx.h"
#include "../db/db.h"
#include "tables.h"

/* What was asked for, for the audit log: conditions, with what is contact data masked. */
const char *table_filter_text(struct ctx *cx, const struct table_query *q);

/* "owner", "admin", "viewer", or NULL: nobody who may see anything. */
struct err *table_role(struct ctx *cx, const char **out) CHECKED;

/* Looks up what columns that are sealed are to equal. Before the others. The audit log hears of
 * addresses that are looked for. */
struct err *table_find(struct ctx *cx, struct table_query *q) CHECKED;

/* How many rows there are, whatever limit and offset. */
struct err *table_count(struct ctx *cx, const struct table_query *q, int64_t *out) CHECKED;

/* Does one of the chosen columns stand in hidden_of(), or its original? */
bool table_hides(const struct table_query *q);

/* More than q->bytes_max: told to who asks, a transaction goes on. */
struct err *table_too_large(struct ctx *cx) NEVER_NULL;

/* The rows: where some of them is hidden their key, the hidden key, the place, else NULLs; behind
 * these the columns as JSON, NULL where hidden_of() has them. `only`: an array of keys in the place
 * of the conditions; NULL: none. table_too_large() before more than that is in memory; so of what
 * is hidden. */
enum { TABLE_COL_KEY, TABLE_COL_HIDDEN, TABLE_COL_PLACE, TABLE_COL_FIRST };
struct err *table_select(struct ctx *cx, const struct table_query *q, const char *only,
                         struct db_rows *out) CHECKED;

/* The keys of at most `most` rows, as an array. */
struct err *table_keys(struct ctx *cx, const struct table_query *q, int64_t most,
                       const char **array_out, size_t *n_out) CHECKED;

/* What a row becomes, in columns that may be written. */
struct table_change {
	const struct column *columns[TABLE_COLUMNS_MAX];
	const char          *values[TABLE_COLUMNS_MAX]; /* NULL: NULL */
	size_t               n;
};

/* Of the rows with these keys. A column that is sealed is sealed for each row. ERR_UNAVAILABLE
 * without a data key. */
struct err *table_update(struct ctx *cx, const struct table *table, const char *keys,
                         const struct table_change *change) CHECKED;

/* The rows with these keys, and what hangs on them. */
struct err *table_delete(struct ctx *cx, const struct table *table, const char *keys) CHECKED;

/* A row of the audit log, by who asks. */
struct err *table_audit(struct ctx *cx, const struct table_query *q, const char *what,
                        const char *keys) CHECKED;

/* hidden_of() of the rows with these keys, which are sorted by their key in the answer: key, parts,
 * shown, and whether the parts are sealed. */
struct err *table_hidden(struct ctx *cx, const struct table_query *q, const char *keys,
                         bool wants_contact, struct db_rows *out) CHECKED;

/* ---- arrays ---- */

/* As PostgreSQL reads them: begun, an item added (NULL: NULL), and ended, which gives the text. */
struct buf  array_begin(struct ctx *cx);
void        array_add(struct buf *b, const char *item);
const char *array_end(struct buf *b);

#endif
