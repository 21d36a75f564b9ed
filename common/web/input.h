/* input.h -- turn a JSON body into a typed struct, or say which field is wrong. */
#ifndef INPUT_H
#define INPUT_H

#include "../base/json_in.h"
#include "req.h"

enum input_type { IN_TEXT, IN_UUID, IN_INT, IN_NUMBER, IN_BOOL, IN_TEXTS, IN_NODE };

struct input_field {
	const char     *name;
	enum input_type type;
	size_t          offset;
	bool            is_required;  /* null counts as absent */
	bool            may_be_blank; /* IN_TEXT: white space only is fine */
	bool            is_object;    /* IN_NODE: nothing but an object */
	int64_t         min, max; /* IN_TEXT: characters; IN_TEXTS: elements of up to 200 characters;
	                              * numbers: value. A text's max is required. */
};

/* A list of strings. */
struct texts {
	const char **at;
	size_t       n;
};

/* A number that may be absent. */
struct maybe_number {
	bool   is_set;
	double value;
};

/* The member's C type is checked against the field type at compile time. */
/* clang-format off */
#define INPUT_OF(st, member, kind, ctype, ...) \
	{.name = #member, .type = (kind), \
	 .offset = offsetof(struct st, member) + \
	           0 * sizeof(char[__builtin_types_compatible_p( \
				__typeof__(((struct st *)0)->member), ctype) ? 1 : -1]), \
	 __VA_ARGS__}
/* clang-format on */
#define INPUT_TEXT(st, m, ...)   INPUT_OF(st, m, IN_TEXT, const char *, __VA_ARGS__)
#define INPUT_UUID(st, m, ...)   INPUT_OF(st, m, IN_UUID, const char *, __VA_ARGS__)
#define INPUT_INT(st, m, ...)    INPUT_OF(st, m, IN_INT, int64_t, __VA_ARGS__)
#define INPUT_NUMBER(st, m, ...) INPUT_OF(st, m, IN_NUMBER, struct maybe_number, __VA_ARGS__)
#define INPUT_BOOL(st, m, ...)   INPUT_OF(st, m, IN_BOOL, bool, __VA_ARGS__)
#define INPUT_TEXTS(st, m, ...)  INPUT_OF(st, m, IN_TEXTS, struct texts, __VA_ARGS__)
#define INPUT_NODE(st, m, ...)   INPUT_OF(st, m, IN_NODE, const struct cJSON *, __VA_ARGS__)

/* Parses and validates the body into *in; absent optional members keep what
 * *in holds already, so defaults are set by the caller. Unknown members are
 * ignored. A wrong type, length, range or UTF-8 is ERR_INPUT naming the field.
 * Strings live in the request's arena. */
struct err *input_parse(struct req *rq, const struct input_field *fields, size_t n,
                        void *in) CHECKED;

/* A session pair as every function takes it. A malformed id is left as it is, an empty one too: it
 * is the same 401 as an unknown one, not a 400. */
#define SESSION_ID_MAX     100
#define SESSION_SECRET_MAX 200
/* clang-format off */
#define INPUT_SESSION(st) \
	INPUT_TEXT(st, session_id, .is_required = true, .may_be_blank = true, .max = SESSION_ID_MAX), \
	INPUT_TEXT(st, session_secret, .is_required = true, .may_be_blank = true, \
	           .max = SESSION_SECRET_MAX)
/* clang-format on */

#endif
