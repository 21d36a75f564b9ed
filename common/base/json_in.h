/* json_in.h -- read JSON we did not write, strictly, bounded in depth, values and text.
 *
 * The tree lives in the arena. A checked text is valid UTF-8 without U+0000 and
 * lone surrogates, so every string in it is a clean NUL-terminated string. A number is
 * a double to those who ask for it, and is printed as it was written. */
#ifndef JSON_IN_H
#define JSON_IN_H

#include "ctx.h"
#include "json_check.h"

/* One value of a parsed text. */
struct cJSON;

/* ERR_INPUT when json_check() finds a fault, and where. */
struct err *json_parse(struct ctx *cx, struct span text, const struct cJSON **root_out) CHECKED;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
/* What a value is, and how a sentence calls it. */
enum json_type json_type(const struct cJSON *node);
const char    *json_type_name(enum json_type type) NEVER_NULL; /* "a string", "an array", ... */

/* Path like "choices[0].message.content"; "" is the node itself. NULL when a
 * step is missing. Names compare case-sensitively; of duplicates the first wins. */
const struct cJSON *json_at(const struct cJSON *root, const char *path);

/* A value at a path, or `otherwise` when it is missing or of another type. */
const char *json_text_at(const struct cJSON *root, const char *path); /* NULL otherwise */
double      json_num_at(const struct cJSON *root, const char *path, double otherwise);
bool        json_bool_at(const struct cJSON *root, const char *path, bool otherwise);

/* How many elements or members, 0 for a scalar; the first and the next of them, NULL when there
 * is none; a member's name, NULL for an element. */
size_t              json_count(const struct cJSON *node);
const struct cJSON *json_first(const struct cJSON *node);
const struct cJSON *json_next(const struct cJSON *node);
const char         *json_name(const struct cJSON *node);

/* The node as compact JSON, in the arena; its numbers as they were written. */
struct span json_print(struct ctx *cx, const struct cJSON *node);

/* A JSON text with the members of each object in the order of their names: the same for all texts
 * that differ in that order and in white space only. ERR_INPUT as json_parse(). */
struct err *json_sorted(struct ctx *cx, struct span json, struct span *out) CHECKED;

/* Bytes, at most, of what json_print() gave where its numbers are written without exponents, as
 * PostgreSQL's jsonb does: the four characters 1e99 become a hundred. */
size_t json_stored_bytes(struct ctx *cx, struct span json);

/* Makes cJSON allocate from the arena of the call in progress. Once, before threads. */
void json_start(void);

#endif
