/* presence.c -- states and differences, in the words of Phoenix. */
#include "presence.h"

#include "../../common/base/json_out.h"
#include "limits.h"

#define REF "phx_ref"

/* Each told state has a name of its own, by which clients tell them apart. */
static const char *next_ref(struct ctx *cx)
{
	static uint64_t last;

	return arena_printf(cx->arena, "p%llu", (unsigned long long)++last);
}

static struct err *write_told(struct ctx *cx, const struct cJSON *told, struct span *out)
{
	struct json_out *j = json_new(cx->arena, (size_t)limits.presence_bytes + 64);

	json_obj(j, NULL);
	for (const struct cJSON *m = json_first(told); m; m = json_next(m))
		if (!str_equal(json_name(m), REF))
			json_raw(j, json_name(m), json_print(cx, m));
	json_str(j, REF, next_ref(cx));
	json_end(j);
	return json_finish(cx, j, out);
}

static void write_one(struct json_out *j, const char *key, struct span told)
{
	json_obj(j, key);
	json_arr(j, "metas");
	json_raw(j, NULL, told);
	json_end(j);
	json_end(j);
}

/* joins and leaves: either may be empty (ptr NULL). */
static void tell_difference(struct ctx *cx, struct channel *c, struct span came, struct span left)
{
	struct json_out *j = json_new(cx->arena, 4 * (size_t)limits.presence_bytes + 4096);
	struct letter    letter = {.topic = c->topic, .event = "presence_diff"};

	json_obj(j, NULL);
	json_obj(j, "joins");
	if (came.ptr)
		write_one(j, c->presence_key, came);
	json_end(j);
	json_obj(j, "leaves");
	if (left.ptr)
		write_one(j, c->presence_key, left);
	json_end(j);
	json_end(j);
	if (!json_finish(cx, j, &letter.payload))
		letter_give_all(cx, &letter, NULL);
	letter_end(&letter);
}

struct err *presence_track(struct ctx *cx, struct channel *c, const struct cJSON *told)
{
	struct span text, before = {NULL, 0};

	if (!told || json_type(told) != JSON_OBJECT)
		FAIL(cx, ERR_INPUT, "what is tracked is no object");
	if (write_told(cx, told, &text) || text.len > (size_t)limits.presence_bytes)
		FAIL(cx, ERR_INPUT, "what is tracked is too large");
	if (c->presence)
		before = (struct span){arena_strndup(cx->arena, c->told.ptr, c->told.len), c->told.len};
	arena_free(&c->presence);
	c->presence = arena_new(text.len + 64);
	c->told = (struct span){arena_strndup(c->presence, text.ptr, text.len), text.len};
	tell_difference(cx, c, c->told, before);
	return NULL;
}

void presence_untrack(struct ctx *cx, struct channel *c)
{
	struct span left;

	if (!c->presence)
		return;
	left = (struct span){arena_strndup(cx->arena, c->told.ptr, c->told.len), c->told.len};
	arena_free(&c->presence);
	tell_difference(cx, c, (struct span){NULL, 0}, left);
}

/* Was the key told with a member before this one? Then all of it was. */
static bool is_told(const struct topic *t, const struct channel *c)
{
	for (const struct channel *m = t->members; m != c; m = m->next)
		if (m->presence && str_equal(m->presence_key, c->presence_key))
			return true;
	return false;
}

static void write_key(struct json_out *j, const struct channel *c)
{
	json_obj(j, c->presence_key);
	json_arr(j, "metas");
	for (const struct channel *m = c; m; m = m->next)
		if (m->presence && str_equal(m->presence_key, c->presence_key))
			json_raw(j, NULL, m->told);
	json_end(j);
	json_end(j);
}

struct err *presence_state(struct ctx *cx, const struct topic *t, struct span *out)
{
	struct json_out *j = json_new(cx->arena, (size_t)limits.queue_bytes);

	json_obj(j, NULL);
	for (const struct channel *c = t->members; c; c = c->next)
		if (c->presence && !is_told(t, c))
			write_key(j, c);
	json_end(j);
	return json_finish(cx, j, out);
}
