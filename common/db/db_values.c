/* db_values.c -- values on their way to the server and back. */
#include "db_values.h"

#include "../base/fatal.h"

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

/* ---- parameters ---- */

/* As pgvector sends and receives it: how many, a zero, the numbers, big-endian. Printing the 1536
 * of one takes a millisecond, reading them half of that. */
static struct span vector_bytes(struct ctx *cx, const float *at, size_t n)
{
	size_t   len = 4 + n * 4;
	char    *bytes = arena_alloc_raw(cx->arena, len);
	uint16_t head[2] = {htobe16((uint16_t)n), 0};

	memcpy(bytes, head, 4);
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, &at[i], 4);
		bits = htobe32(bits);
		memcpy(bytes + 4 + i * 4, &bits, 4);
	}
	return (struct span){bytes, len};
}

static struct span value_bytes(struct ctx *cx, const struct db_val *v)
{
	return v->type == DB_VECTOR ? vector_bytes(cx, v->vec.at, v->vec.n) : v->bytes;
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
	case DB_VECTOR:
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
		if (args[i].type == DB_BYTES || args[i].type == DB_VECTOR) {
			struct span bytes = value_bytes(cx, &args[i]);

			p.values[i] = bytes.ptr;
			p.lengths[i] = (int)bytes.len;
			p.formats[i] = 1;
		} else {
			p.values[i] = value_text(cx, &args[i]);
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
