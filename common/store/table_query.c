/* table_query.c -- putting statements together, of texts that stand in tables.c and here, and
 * parameters. */
#include "table_query.h"

#include "../base/vault.h"
#include "../domain/who/contact.h"
#include "../domain/who/mask.h"
#include "emails.h"
#include "sealed.h"

#define SQL_MAX    ((size_t)1 << 16)
#define ARRAY_MAX  ((size_t)64 << 20)
#define FILTER_MAX 4096

struct statement {
	struct ctx   *cx;
	struct buf    sql;
	struct db_val args[TABLE_FILTERS_MAX + TABLE_COLUMNS_MAX + 4];
	size_t        n;
};

static struct statement begin(struct ctx *cx)
{
	return (struct statement){.cx = cx, .sql = buf_new(cx->arena, SQL_MAX)};
}

/* "$3::uuid[]" */
static void param(struct statement *s, struct db_val value, const char *type)
{
	s->args[s->n++] = value;
	buf_printf(&s->sql, "$%zu::%s", s->n, type);
}

static struct err *run(struct statement *s, struct db_rows *out)
{
	return db_query(s->cx, out, buf_text(&s->sql), s->args, s->n);
}

struct err *table_too_large(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_INPUT, .code = "54000",
	            .text = "The answer would be too large; ask for fewer rows with limit.");
}

/* Rows that hold what people said and wrote. */
static struct err *run_within(struct ctx *cx, const struct table_query *q, const char *sql,
                              const struct db_val *args, size_t n, struct db_rows *out)
{
	bool is_all;

	TRY(db_query_within(cx, q->bytes_max, out, &is_all, sql, args, n));
	return is_all ? NULL : table_too_large(cx);
}

/* ---- arrays ---- */

struct buf array_begin(struct ctx *cx)
{
	struct buf b = buf_new(cx->arena, ARRAY_MAX);

	buf_char(&b, '{');
	return b;
}

void array_add(struct buf *b, const char *item)
{
	if (b->len > 1)
		buf_char(b, ',');
	if (!item) {
		buf_str(b, "NULL");
		return;
	}
	buf_char(b, '"');
	for (; *item; item++) {
		if (*item == '"' || *item == '\\')
			buf_char(b, '\\');
		buf_char(b, *item);
	}
	buf_char(b, '"');
}

const char *array_end(struct buf *b)
{
	buf_char(b, '}');
	return buf_text(b);
}

static const char *array_of(struct ctx *cx, const char *const *items, size_t n)
{
	struct buf b = array_begin(cx);

	for (size_t i = 0; i < n; i++)
		array_add(&b, items[i]);
	return array_end(&b);
}

static const char *array_of_column(struct ctx *cx, const struct db_rows *rows, int col)
{
	struct buf b = array_begin(cx);

	for (int i = 0; i < rows->count; i++)
		array_add(&b, row_text(rows, i, col));
	return array_end(&b);
}

/* ---- conditions ---- */

static const char *type_of(const struct column *column)
{
	static const char *const types[] = {
		[TYPE_TEXT] = "text",      [TYPE_UUID] = "uuid",    [TYPE_INT] = "bigint",
		[TYPE_NUMBER] = "numeric", [TYPE_BOOL] = "boolean", [TYPE_TIME] = "timestamptz",
		[TYPE_JSON] = "jsonb"};

	return types[column->type];
}

static const char *sql_of(struct ctx *cx, const struct column *column)
{
	return column->sql ? column->sql : arena_printf(cx->arena, "t.%s", column->name);
}

static void put_is(struct statement *s, const char *value)
{
	static const char *const known[] = {"null", "true", "false", "unknown"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (str_equal(value, known[i]))
			buf_printf(&s->sql, " is %s", known[i]);
	if (str_equal(value, "not_null"))
		buf_str(&s->sql, " is not null");
}

static void put_comparison(struct statement *s, const struct table_filter *f)
{
	static const char *const signs[] = {
		[FILTER_EQ] = "=", [FILTER_NEQ] = "<>", [FILTER_GT] = ">",      [FILTER_GTE] = ">=",
		[FILTER_LT] = "<", [FILTER_LTE] = "<=", [FILTER_LIKE] = "like", [FILTER_ILIKE] = "ilike",
		[FILTER_IN] = "=", [FILTER_IS] = "is",
	};

	buf_printf(&s->sql, " %s ", signs[f->op]);
	if (f->op != FILTER_IN) {
		param(s, db_text(f->values[0]), type_of(f->column));
		return;
	}
	buf_str(&s->sql, "any (");
	param(s, db_text(array_of(s->cx, f->values, f->values_n)),
	      arena_printf(s->cx->arena, "%s[]", type_of(f->column)));
	buf_char(&s->sql, ')');
}

static void put_condition(struct statement *s, const struct table_filter *f)
{
	if (f->column->finder != FIND_NONE) {
		buf_printf(&s->sql, "%s = any (", f->column->found_by);
		param(s, db_text(f->found), "uuid[]");
		buf_char(&s->sql, ')');
		return;
	}
	buf_printf(&s->sql, "%s%s", f->is_not ? "not (" : "(", sql_of(s->cx, f->column));
	if (f->op == FILTER_IS)
		put_is(s, f->values[0]);
	else
		put_comparison(s, f);
	buf_char(&s->sql, ')');
}

static void put_where(struct statement *s, const struct table_query *q, const char *only)
{
	buf_printf(&s->sql, " from %s t where true",
	           q->table->source ? q->table->source : q->table->name);
	if (only) {
		buf_printf(&s->sql, " and %s = any (", q->table->key);
		param(s, db_text(only), "uuid[]");
		buf_char(&s->sql, ')');
		return;
	}
	for (size_t i = 0; i < q->filters_n; i++) {
		buf_str(&s->sql, " and ");
		put_condition(s, &q->filters[i]);
	}
}

static void put_order(struct statement *s, const struct table_query *q)
{
	static const char *const nulls[] = {
		[NULLS_USUAL] = "", [NULLS_FIRST] = " nulls first", [NULLS_LAST] = " nulls last"};

	buf_str(&s->sql, " order by ");
	for (size_t i = 0; i < q->orders_n; i++)
		buf_printf(&s->sql, "%s%s%s, ", sql_of(s->cx, q->orders[i].column),
		           q->orders[i].is_desc ? " desc" : "", nulls[q->orders[i].nulls]);
	buf_str(&s->sql, q->table->tie);
}

/* ---- what is looked up before ---- */

static struct err *find_visitors(struct ctx *cx, struct table_filter *f)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select sessions_of_visitors($1::text[])",
	             ARGS(db_text(array_of(cx, f->values, f->values_n)))));
	f->found = row_text(&rows, 0, 0);
	return NULL;
}

static const char *bytea_text(struct ctx *cx, const struct hash *hash)
{
	struct buf b = buf_new(cx->arena, 0);

	buf_str(&b, "\\x");
	buf_hex(&b, hash->bytes, CRYPTO_HASH_BYTES);
	return buf_text(&b);
}

/* As addresses are kept; what is none equals none. */
static const char *hashes_of(struct ctx *cx, const struct table_filter *f)
{
	struct buf b = array_begin(cx);

	for (size_t i = 0; i < f->values_n; i++) {
		const char *address = contact_email_normalise(cx, span_of(f->values[i]));
		struct hash hash;

		if (address && email_hash(cx, address, &hash))
			array_add(&b, bytea_text(cx, &hash));
	}
	return array_end(&b);
}

static struct err *find_contacts(struct ctx *cx, const struct table_query *q,
                                 struct table_filter *f)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select contacts_with_email($1, $2::bytea[], $3)",
	             ARGS(db_text(q->table->name), db_text(hashes_of(cx, f)),
	                  db_text(table_filter_text(cx, q)))));
	f->found = row_text(&rows, 0, 0);
	return NULL;
}

struct err *table_find(struct ctx *cx, struct table_query *q)
{
	for (size_t i = 0; i < q->filters_n; i++) {
		if (q->filters[i].column->finder == FIND_VISITOR)
			TRY(find_visitors(cx, &q->filters[i]));
		else if (q->filters[i].column->finder == FIND_EMAIL)
			TRY(find_contacts(cx, q, &q->filters[i]));
	}
	return NULL;
}

/* What is looked for in texts may itself be somebody's name. */
static void put_values_text(struct ctx *cx, struct buf *b, const struct table_filter *f)
{
	if (f->column->kind == COLUMN_MASKED && f->op != FILTER_IS) {
		buf_str(b, "[text]");
		return;
	}
	for (size_t i = 0; i < f->values_n; i++)
		buf_printf(b, "%s%s", i ? "," : "",
		           f->column->finder == FIND_EMAIL ? "[email]" : mask_str(cx, f->values[i], NULL));
}

const char *table_filter_text(struct ctx *cx, const struct table_query *q)
{
	static const char *const names[] = {
		[FILTER_EQ] = "eq", [FILTER_NEQ] = "neq", [FILTER_GT] = "gt",     [FILTER_GTE] = "gte",
		[FILTER_LT] = "lt", [FILTER_LTE] = "lte", [FILTER_LIKE] = "like", [FILTER_ILIKE] = "ilike",
		[FILTER_IN] = "in", [FILTER_IS] = "is",
	};
	struct buf b = buf_new(cx->arena, FILTER_MAX);

	for (size_t i = 0; i < q->filters_n; i++) {
		const struct table_filter *f = &q->filters[i];

		buf_printf(&b, "%s%s=%s%s.", i ? "&" : "", f->column->name, f->is_not ? "not." : "",
		           names[f->op]);
		put_values_text(cx, &b, f);
	}
	return buf_text(&b);
}

/* ---- reading ---- */

struct err *table_role(struct ctx *cx, const char **out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select person_role()", NO_ARGS));
	*out = row_text(&rows, 0, 0);
	return NULL;
}

struct err *table_count(struct ctx *cx, const struct table_query *q, int64_t *out)
{
	struct statement s = begin(cx);
	struct db_rows   rows;

	buf_str(&s.sql, "select count(*)");
	put_where(&s, q, NULL);
	TRY(run(&s, &rows));
	*out = row_int(&rows, 0, 0);
	return NULL;
}

bool table_hides(const struct table_query *q)
{
	for (size_t i = 0; i < q->columns_n; i++)
		if (q->columns[i]->kind != COLUMN_PLAIN)
			return true;
	return false;
}

static void put_column(struct statement *s, const struct column *column)
{
	if (column->kind == COLUMN_SEALED || column->kind == COLUMN_SHOWN)
		buf_str(&s->sql, ", null");
	else
		buf_printf(&s->sql, ", to_jsonb(%s)", sql_of(s->cx, column));
}

struct err *table_select(struct ctx *cx, const struct table_query *q, const char *only,
                         struct db_rows *out)
{
	struct statement s = begin(cx);

	if (table_hides(q))
		buf_printf(&s.sql, "select %s, %s, %s", q->table->key, q->table->hidden_key,
		           q->table->place ? q->table->place : "null");
	else
		buf_str(&s.sql, "select null, null, null");
	for (size_t i = 0; i < q->columns_n; i++)
		put_column(&s, q->columns[i]);
	put_where(&s, q, only);
	put_order(&s, q);
	if (q->limit >= 0) {
		buf_str(&s.sql, " limit ");
		param(&s, db_int(q->limit), "bigint");
	}
	if (q->offset && !only) {
		buf_str(&s.sql, " offset ");
		param(&s, db_int(q->offset), "bigint");
	}
	return run_within(cx, q, buf_text(&s.sql), s.args, s.n, out);
}

struct err *table_hidden(struct ctx *cx, const struct table_query *q, const char *keys,
                         bool wants_contact, struct db_rows *out)
{
	return run_within(cx, q,
	                  "select key, parts, shown, is_sealed"
	                  " from hidden_of($1, $2::uuid[], $3::bool, $4)",
	                  ARGS(db_text(q->table->name), db_text(keys), db_bool(wants_contact),
	                       db_text(table_filter_text(cx, q))),
	                  out);
}

/* ---- changing ---- */

struct err *table_keys(struct ctx *cx, const struct table_query *q, int64_t most,
                       const char **array_out, size_t *n_out)
{
	struct statement s = begin(cx);
	struct db_rows   rows;

	buf_printf(&s.sql, "select %s", q->table->key);
	put_where(&s, q, NULL);
	buf_printf(&s.sql, " order by %s limit ", q->table->key);
	param(&s, db_int(most), "bigint");
	TRY(run(&s, &rows));
	*array_out = array_of_column(cx, &rows, 0);
	*n_out = (size_t)rows.count;
	return NULL;
}

/* For each row its own, which opens in it alone. */
static struct err *seal_for_each(struct ctx *cx, const struct table *table, const char *keys,
                                 const struct column *column, const char *value,
                                 const char **sealed_out)
{
	struct buf     all = array_begin(cx);
	struct db_rows rows;

	TRY(db_query(cx, &rows, "select key from unnest($1::uuid[]) key", ARGS(db_text(keys))));
	for (int i = 0; i < rows.count; i++) {
		const char *sealed =
			vault_seal(cx->arena, PLACE(table->name, column->name, row_text(&rows, i, 0)),
		               span_of(value));

		if (!sealed)
			FAIL(cx, ERR_UNAVAILABLE, "without SCRIBE_DATA_KEY nothing can be sealed");
		array_add(&all, sealed);
	}
	*sealed_out = array_end(&all);
	return NULL;
}

/* "notes = ", and what it becomes in the row of k. */
static struct err *put_change(struct statement *s, const struct table *table, const char *keys,
                              const struct column *column, const char *value)
{
	const char *sealed;

	buf_printf(&s->sql, "%s = ", column->name);
	if (column->kind != COLUMN_SEALED || !value) {
		param(s, db_text(value), "text");
		return NULL;
	}
	TRY(seal_for_each(s->cx, table, keys, column, value, &sealed));
	buf_char(&s->sql, '(');
	param(s, db_text(sealed), "text[]");
	buf_str(&s->sql, ")[k.n::int]");
	return NULL;
}

struct err *table_update(struct ctx *cx, const struct table *table, const char *keys,
                         const struct table_change *change)
{
	struct statement s = begin(cx);
	struct db_rows   rows;

	buf_printf(&s.sql, "update %s t set ", table->name);
	for (size_t i = 0; i < change->n; i++) {
		buf_str(&s.sql, i ? ", " : "");
		TRY(put_change(&s, table, keys, change->columns[i], change->values[i]));
	}
	buf_str(&s.sql, " from unnest(");
	param(&s, db_text(keys), "uuid[]");
	buf_printf(&s.sql, ") with ordinality k (key, n) where %s = k.key", table->key);
	return run(&s, &rows);
}

struct err *table_delete(struct ctx *cx, const struct table *table, const char *keys)
{
	struct statement s = begin(cx);
	struct db_rows   rows;

	buf_printf(&s.sql, "delete from %s t where %s = any (", table->name, table->key);
	param(&s, db_text(keys), "uuid[]");
	buf_char(&s.sql, ')');
	return run(&s, &rows);
}

struct err *table_audit(struct ctx *cx, const struct table_query *q, const char *what,
                        const char *keys)
{
	return db_exec(cx, NULL, "select person_audit($1, $2, $3::uuid[], $4)",
	               ARGS(db_text(what), db_text(q->table->name), db_text(keys),
	                    db_text(table_filter_text(cx, q))));
}
