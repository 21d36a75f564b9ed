/* json_in.c -- the only file that includes cJSON.
 *
 * cJSON is a sound parser with three traits to work around: it allocates a
 * node of 64 bytes per value, so the number of values is bounded before it
 * runs; an escaped U+0000 would cut a string short, so it is refused; and it
 * takes its allocator from a global, so that allocator finds the arena of the
 * running call through a thread-local. Nothing is ever freed by cJSON. */
#include "json_in.h"

#include "str.h"
#include "utf8.h"

#include <cjson/cJSON.h>
#include <ctype.h>

static _Thread_local struct arena *arena_in_use;

static void *take(size_t bytes)
{
	return arena_alloc_raw(arena_in_use, bytes);
}

static void leave(void *at)
{
	(void)at; /* the arena gives everything back at once */
}

void json_start(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = take, .free_fn = leave});
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (!isxdigit((unsigned char)c))
			return 0x110000; /* not hex: the parser will complain */
		v = v * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return v;
}

/* An escape at p (the backslash). Sets its length; false for U+0000 and lone surrogates. */
static bool escape_is_sound(const char *p, const char *end, size_t *len)
{
	unsigned c, low;

	*len = 2;
	if (end - p < 6 || p[1] != 'u')
		return true;
	c = hex4(p + 2);
	*len = 6;
	if (c == 0 || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	if (c < 0xd800 || c > 0xdbff)
		return true;
	low = end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : 0;
	*len = 12;
	return low >= 0xdc00 && low <= 0xdfff;
}

/* Skips a string whose opening quote is at *p; false when an escape is not sound. */
static bool skip_string(const char **p, const char *end)
{
	for ((*p)++; *p < end && **p != '"';) {
		size_t len = 1;

		if (**p == '\\' && !escape_is_sound(*p, end, &len))
			return false;
		*p = (size_t)(end - *p) < len ? end : *p + len;
	}
	if (*p < end)
		(*p)++;
	return true;
}

const char *json_problem(struct span text)
{
	const char *p = text.ptr, *end = p + text.len;
	int         depth = 0, values = 1;

	if (!utf8_is_valid(text))
		return "is not valid UTF-8";
	if (text.len && memchr(text.ptr, '\0', text.len))
		return "contains U+0000";
	while (p < end) {
		if (*p == '"') {
			if (!skip_string(&p, end))
				return "contains U+0000 or a lone surrogate";
			continue;
		}
		if ((*p == '{' || *p == '[') && ++depth > JSON_DEPTH_MAX)
			return "is nested too deeply";
		if (*p == '}' || *p == ']')
			depth--;
		if ((*p == ',' || *p == '{' || *p == '[') && ++values > JSON_VALUES_MAX)
			return "has too many values";
		p++;
	}
	return NULL;
}

static bool only_white_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p == end;
}

struct err *json_parse(struct ctx *cx, struct span text, const struct cJSON **root_out)
{
	const char *problem = json_problem(text), *end;

	if (problem)
		FAIL(cx, ERR_INPUT, "the JSON %s", problem);
	arena_in_use = cx->arena;
	*root_out = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
	if (!*root_out || !only_white_space(end, text.ptr + text.len))
		FAIL(cx, ERR_INPUT, "not JSON");
	return NULL;
}

enum json_type json_type(const struct cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return JSON_BOOL;
	case cJSON_Number:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {"null",     "a boolean", "a number",
	                                    "a string", "an array",  "an object"};

	return names[type];
}

static const struct cJSON *member(const struct cJSON *node, struct span name)
{
	if (!cJSON_IsObject(node))
		return NULL;
	for (const struct cJSON *m = node->child; m; m = m->next)
		if (span_equal(span_of(m->string), name))
			return m;
	return NULL;
}

static const struct cJSON *element(const struct cJSON *node, size_t index)
{
	const struct cJSON *e = cJSON_IsArray(node) ? node->child : NULL;

	while (e && index--)
		e = e->next;
	return e;
}

const struct cJSON *json_at(const struct cJSON *root, const char *path)
{
	while (root && *path) {
		if (*path == '[') {
			char         *end;
			unsigned long index = strtoul(path + 1, &end, 10);

			root = element(root, index);
			path = *end == ']' ? end + 1 : end;
		} else {
			size_t len;

			path += *path == '.';
			len = strcspn(path, ".[");
			root = member(root, (struct span){path, len});
			path += len;
		}
	}
	return root;
}

const char *json_text_at(const struct cJSON *root, const char *path)
{
	const struct cJSON *node = json_at(root, path);

	return cJSON_IsString(node) ? node->valuestring : NULL;
}

double json_num_at(const struct cJSON *root, const char *path, double otherwise)
{
	const struct cJSON *node = json_at(root, path);

	return cJSON_IsNumber(node) ? node->valuedouble : otherwise;
}

bool json_bool_at(const struct cJSON *root, const char *path, bool otherwise)
{
	const struct cJSON *node = json_at(root, path);

	return cJSON_IsBool(node) ? cJSON_IsTrue(node) : otherwise;
}

size_t json_count(const struct cJSON *node)
{
	size_t n = 0;

	for (const struct cJSON *c = json_first(node); c; c = c->next)
		n++;
	return n;
}

const struct cJSON *json_first(const struct cJSON *node)
{
	return cJSON_IsArray(node) || cJSON_IsObject(node) ? node->child : NULL;
}

const struct cJSON *json_next(const struct cJSON *node)
{
	return node->next;
}

const char *json_name(const struct cJSON *node)
{
	return node->string;
}

struct span json_print(struct ctx *cx, const struct cJSON *node)
{
	char *text;

	arena_in_use = cx->arena;
	text = cJSON_PrintUnformatted(node);
	return text ? span_of(text) : SPAN("null");
}
