/* tables.h -- the tables that people may look at (migrations/deploy/rest_access.sql), column by
 * column, and what can be asked of them.
 *
 * Whatever becomes part of a statement's text is from here: what people send is looked up, or a
 * parameter. */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include "../base/str.h"

enum column_type {
	TYPE_TEXT,
	TYPE_UUID,
	TYPE_INT,
	TYPE_NUMBER,
	TYPE_BOOL,
	TYPE_TIME,
	TYPE_JSON /* or an array: is null, or is not */
};

enum column_kind {
	COLUMN_PLAIN,
	COLUMN_MASKED, /* as it stands, to who may not open the original */
	COLUMN_SEALED, /* its place is in hidden_of(), as the next one's */
	COLUMN_SHOWN   /* of that, what everybody may see who sees the row */
};

/* How a value leads to rows where the column itself can not be compared. */
enum column_finder { FIND_NONE, FIND_EMAIL, FIND_VISITOR };

struct column {
	const char        *name;
	const char        *sql; /* of a table called t; NULL: the column of that name */
	enum column_type   type;
	enum column_kind   kind;
	enum column_finder finder;
	const char        *found_by;  /* what the finder gives values of */
	size_t             write_max; /* characters people may write into it; 0: they may not */
	bool               is_never_null;
	const char *const *one_of; /* NULL-terminated: what it may become; NULL: any text */
};

struct table {
	const char          *name;
	const char          *source; /* where its rows are read; NULL: the table of that name */
	const struct column *columns;
	size_t               columns_n;
	const char          *key;        /* tells its rows apart */
	const char          *hidden_key; /* by which hidden_of() knows them */
	const char          *place;      /* of a row in what that key hides; NULL: it is all of it */
	const char          *tie;        /* orders rows that are otherwise equal */
	bool                 may_delete;
};

/* NULL: there is none of that name. */
const struct table  *table_named(struct span name);
const struct column *table_column(const struct table *table, struct span name);

/* ---- what is asked ---- */

enum {
	TABLE_COLUMNS_MAX = 64, /* chosen, each as often as it was named */
	TABLE_FILTERS_MAX = 32,
	TABLE_ORDERS_MAX = 8
};

enum filter_op {
	FILTER_EQ,
	FILTER_NEQ,
	FILTER_GT,
	FILTER_GTE,
	FILTER_LT,
	FILTER_LTE,
	FILTER_LIKE,
	FILTER_ILIKE,
	FILTER_IN,
	FILTER_IS
};

struct table_filter {
	const struct column *column;
	enum filter_op       op;
	bool                 is_not;
	const char         **values; /* valid for the column's type; one, but of FILTER_IN any number */
	size_t               values_n;
	const char          *found; /* what the column's finder has found: an array */
};

struct table_order {
	const struct column *column;
	bool                 is_desc;
	enum { NULLS_USUAL, NULLS_FIRST, NULLS_LAST } nulls;
};

struct table_query {
	const struct table  *table;
	const struct column *columns[TABLE_COLUMNS_MAX];
	size_t               columns_n;
	struct table_filter  filters[TABLE_FILTERS_MAX];
	size_t               filters_n;
	struct table_order   orders[TABLE_ORDERS_MAX];
	size_t               orders_n;
	int64_t              limit; /* -1: not told */
	int64_t              offset;
	size_t bytes_max; /* of the rows as they are read, and of what is hidden of them */
};

#endif
