/* json_out.h -- write JSON forward-only into a buffer.
 *
 * Keys and strings are escaped; that what is begun is ended is asserted. */
#ifndef JSON_OUT_H
#define JSON_OUT_H

#include "ctx.h"
#include "str.h"

struct json_out;

/* `max` bytes of output, 0 for 1 MiB; past it json_finish fails. */
struct json_out *json_new(struct arena *a, size_t max) NEVER_NULL;

/* The members. `key` is NULL inside arrays and at the top. */
void json_obj(struct json_out *j, const char *key);
void json_arr(struct json_out *j, const char *key);
void json_end(struct json_out *j);                                 /* of the innermost of both */
void json_str(struct json_out *j, const char *key, const char *v); /* NULL writes null */
void json_span(struct json_out *j, const char *key, struct span v);
void json_int(struct json_out *j, const char *key, int64_t v);
void json_num(struct json_out *j, const char *key, double v); /* 6 digits after the point */
void json_bool(struct json_out *j, const char *key, bool v);
void json_null(struct json_out *j, const char *key);
void json_raw(struct json_out *j, const char *key, struct span v); /* v is JSON already */
void json_base64(struct json_out *j, const char *key, struct span bytes);

/* Everything written, NUL-terminated; all objects and arrays are ended (asserted). ERR_INTERNAL
 * where it passed its maximum: what would be cut is not given at all. */
struct err *json_finish(struct ctx *cx, const struct json_out *j, struct span *out) CHECKED;

/* An array of texts. */
struct err *json_texts(struct ctx *cx, const char *const *texts, size_t n,
                       const char **out) CHECKED;

/* Adds `v` to a text as a JSON string: at most 6 bytes for each of its own, and 2. */
void json_quote(struct buf *b, struct span v);

#endif
