/* db_values.c -- values on their way to the server and back. */
#include "db_values.h"

#include "../base/fatal.h"

#include <libpq-fe.h>

/* ---- parameters ---- */

static const char *vector_text(struct ctx *cx, const float *at, size_t n)
{
	struct buf b = buf_new(cx->arena, 0);

	buf_char(&b, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, i ? ",%.9g" : "%.9g", (double)at[i]);
	buf_char(&b, ']');
	return buf_text(&b);
}

static const char *value_text(struct ctx *cx, const struct db_val *v)
{
	switch (v->type) {
	case DB_TEXT:
		return v->s;
	case DB_INT:
		return arena_printf(cx->arena, "%lld", (long long)v->i);
	case DB_NUM:
		return arena_printf(cx->arena, "%.17g", v->d);
	case DB_BOOL:
		return v->b ? "t" : "f";
	case DB_BYTES:
		return v->bytes.ptr;
	case DB_VECTOR:
		return vector_text(cx, v->vec.at, v->vec.n);
	case DB_NULL:
		break;
	}
	return NULL;
}

struct db_params db_params_of(struct ctx *cx, const struct db_val *args, size_t n)
{
	struct db_params p = {NEW_ARRAY(cx->arena, const char *, n + 1),
	                      NEW_ARRAY(cx->arena, int, n + 1), NEW_ARRAY(cx->arena, int, n + 1)};

	for (size_t i = 0; i < n; i++) {
		p.values[i] = value_text(cx, &args[i]);
		if (args[i].type == DB_BYTES) {
			p.lengths[i] = (int)args[i].bytes.len;
			p.formats[i] = 1;
		}
	}
	return p;
}

/* ---- rows ---- */

bool row_is_null(const struct db_rows *r, int row, int col)
{
	return PQgetisnull(r->pg_result, row, col);
}

const char *row_text(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? NULL : PQgetvalue(r->pg_result, row, col);
}

int64_t row_int(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? 0 : strtoll(PQgetvalue(r->pg_result, row, col), NULL, 10);
}

double row_num(const struct db_rows *r, int row, int col)
{
	return row_is_null(r, row, col) ? 0 : strtod(PQgetvalue(r->pg_result, row, col), NULL);
}

bool row_bool(const struct db_rows *r, int row, int col)
{
	return PQgetvalue(r->pg_result, row, col)[0] == 't';
}

struct span row_bytes(struct ctx *cx, const struct db_rows *r, int row, int col)
{
	unsigned char *bytes;
	char          *copy;
	size_t         len;

	if (row_is_null(r, row, col))
		return (struct span){NULL, 0};
	bytes = PQunescapeBytea((const unsigned char *)PQgetvalue(r->pg_result, row, col), &len);
	if (!bytes)
		fatal("out of memory: bytea of a row");
	copy = arena_strndup(cx->arena, (const char *)bytes, len);
	PQfreemem(bytes);
	return (struct span){copy, len};
}
