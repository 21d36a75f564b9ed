/* json_in.c -- the only file that includes cJSON.
 *
 * cJSON is a sound parser with five traits to work around. It is laxer than RFC 8259 and allocates
 * a node of 64 bytes per value, so json_check() reads the text before it. It makes a double of each
 * number and forgets how it was written, so each number's text is kept in its node, which is then
 * "raw" to cJSON: it prints as it came. It reads 63 characters of a number, so it is shown longer
 * ones as 0 with white space behind. It takes its allocator from a global, so that allocator finds
 * the arena of the running call through a thread-local. Nothing is ever freed by cJSON. */
#include "json_in.h"

#include "str.h"

#include <assert.h>
#include <cjson/cJSON.h>

#define CJSON_NUMBER_MAX 63

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

/* ---- parsing ---- */

/* A tree's nodes in the order of their text, without recursion. */
struct walk {
	struct cJSON *at, *open[JSON_DEPTH_MAX];
	size_t        depth;
};

static void walk_on(struct walk *w)
{
	if (w->at->child) {
		assert(w->depth < JSON_DEPTH_MAX);
		w->open[w->depth++] = w->at;
		w->at = w->at->child;
		return;
	}
	while (w->depth && !w->at->next)
		w->at = w->open[--w->depth];
	w->at = w->depth ? w->at->next : NULL;
}

/* The text that cJSON is given in the place of one with numbers it would not read whole. */
static struct span without_long_numbers(struct arena *a, struct span text,
                                        const struct json_numbers *numbers)
{
	char *copy = arena_strndup(a, text.ptr, text.len);

	for (size_t i = 0; i < numbers->n; i++) {
		char *number = copy + (numbers->at[i].ptr - text.ptr);

		if (numbers->at[i].len <= CJSON_NUMBER_MAX)
			continue;
		memset(number, ' ', numbers->at[i].len);
		*number = '0';
	}
	return (struct span){copy, text.len};
}

static void keep_as_written(struct arena *a, struct cJSON *node, struct span number)
{
	node->valuestring = arena_strndup(a, number.ptr, number.len);
	node->type = cJSON_Raw;
	if (number.len > CJSON_NUMBER_MAX)
		node->valuedouble = strtod(node->valuestring, NULL);
}

static void keep_numbers(struct arena *a, struct cJSON *root, const struct json_numbers *numbers)
{
	size_t n = 0;

	for (struct walk w = {.at = root}; n < numbers->n; walk_on(&w)) {
		assert(w.at);
		if (cJSON_IsNumber(w.at))
			keep_as_written(a, w.at, numbers->at[n++]);
	}
}

struct err *json_parse(struct ctx *cx, struct span text, const struct cJSON **root_out)
{
	struct json_numbers numbers;
	struct json_fault   fault = json_check(cx->arena, text, &numbers);
	struct cJSON       *root;

	if (fault.what)
		FAIL(cx, ERR_INPUT, "the JSON %s, at byte %zu", fault.what, fault.at);
	if (numbers.longest > CJSON_NUMBER_MAX)
		text = without_long_numbers(cx->arena, text, &numbers);
	arena_in_use = cx->arena;
	root = cJSON_ParseWithLength(text.ptr, text.len);
	if (!root)
		FAIL(cx, ERR_INTERNAL, "cJSON does not read what was checked");
	keep_numbers(cx->arena, root, &numbers);
	*root_out = root;
	return NULL;
}

/* ---- reading ---- */

enum json_type json_type(const struct cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return JSON_BOOL;
	case cJSON_Raw:
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

	return node && cJSON_IsString(node) ? node->valuestring : NULL;
}

double json_num_at(const struct cJSON *root, const char *path, double otherwise)
{
	const struct cJSON *node = json_at(root, path);

	return node && cJSON_IsRaw(node) ? node->valuedouble : otherwise;
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

/* ---- in order ---- */

struct named {
	struct cJSON *node;
	size_t        nth;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int                 order = strcmp(x->node->string, y->node->string);

	return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static void sort_members(struct arena *a, struct cJSON *object)
{
	size_t        n = json_count(object), i = 0;
	struct named *members = NEW_ARRAY(a, struct named, n + 1);

	for (struct cJSON *m = object->child; m; m = m->next, i++)
		members[i] = (struct named){m, i};
	qsort(members, n, sizeof(*members), by_name);
	for (i = 0; i < n; i++) {
		members[i].node->next = i + 1 < n ? members[i + 1].node : NULL;
		members[i].node->prev = members[i ? i - 1 : n - 1].node;
	}
	object->child = members[0].node;
}

struct err *json_sorted(struct ctx *cx, struct span json, struct span *out)
{
	const struct cJSON *root;

	TRY(json_parse(cx, json, &root));
	/* Nobody else has seen this tree. */
	for (struct walk w = {.at = (struct cJSON *)(uintptr_t)root}; w.at; walk_on(&w))
		if (cJSON_IsObject(w.at) && w.at->child)
			sort_members(cx->arena, w.at);
	*out = json_print(cx, root);
	return NULL;
}

size_t json_stored_bytes(struct ctx *cx, struct span json)
{
	struct json_numbers numbers;
	struct json_fault   fault = json_check(cx->arena, json, &numbers);

	assert(!fault.what);
	return json.len + numbers.exponents;
}
