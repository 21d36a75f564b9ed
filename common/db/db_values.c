/* db_values.c -- values on their way to the server and back. */
#include "db_values.h"

#include "../base/fatal.h"

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#define REAL_OID 700 /* of real, in every PostgreSQL */

/* ---- parameters ---- */

static void put_real(char *to, float x)
{
	uint32_t bits;

	memcpy(&bits, &x, 4);
	bits = htobe32(bits);
	memcpy(to, &bits, 4);
}

/* As pgvector sends and receives it: how many, a zero, the numbers, big-endian. Printing the 1536
 * of one takes a millisecond, reading them half of that. */
static struct span vector_bytes(struct ctx *cx, const float *at, size_t n)
{
	size_t   len = 4 + n * 4;
	char    *bytes = arena_alloc_raw(cx->arena, len);
	uint16_t head[2] = {htobe16((uint16_t)n), 0};

	memcpy(bytes, head, 4);
	for (size_t i = 0; i < n; i++)
		put_real(bytes + 4 + i * 4, at[i]);
	return (struct span){bytes, len};
}

/* As an array is received: dimensions, whether it has nulls, the type; how many, from 1 on; and
 * each after its length. */
static struct span reals_bytes(struct ctx *cx, const float *at, size_t n)
{
	uint32_t head[5] = {htobe32(1), 0, htobe32(REAL_OID), htobe32((uint32_t)n), htobe32(1)};
	uint32_t width = htobe32(4);
	size_t   len = sizeof(head) + n * 8;
	char    *bytes = arena_alloc_raw(cx->arena, len);

	memcpy(bytes, head, sizeof(head));
	for (size_t i = 0; i < n; i++) {
		char *to = bytes + sizeof(head) + i * 8;

		memcpy(to, &width, 4);
		put_real(to + 4, at[i]);
	}
	return (struct span){bytes, len};
}

static bool is_binary(const struct db_val *v)
{
	return v->type == DB_BYTES || v->type == DB_VECTOR || v->type == DB_REALS;
}

static struct span value_bytes(struct ctx *cx, const struct db_val *v)
{
	if (v->type == DB_REALS)
		return reals_bytes(cx, v->vec.at, v->vec.n);
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
	case DB_REALS:
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
		if (is_binary(&args[i])) {
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
