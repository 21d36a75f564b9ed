/* topics.c -- a table of topics by a hash of their names, and letters to their members. */
#include "topics.h"

#include "../../common/base/json_out.h"
#include "../../common/base/log.h"
#include "limits.h"

#define BUCKETS 8192u /* a power of two */

static struct topic   *buckets[BUCKETS];
static struct channel *watching;

/* FNV-1a. Who could make names collide must have been let into each. */
static struct topic **bucket_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	return &buckets[(h ^ h >> 16) & (BUCKETS - 1)];
}

struct topic *topic_find(const char *name)
{
	for (struct topic *t = *bucket_of(name); t; t = t->next)
		if (str_equal(t->name, name))
			return t;
	return NULL;
}

struct channel *channels_watching(void)
{
	return watching;
}

static struct topic *topic_make(const struct channel *c)
{
	struct topic **bucket = bucket_of(c->name);
	struct arena  *a = arena_new(sizeof(struct topic) + strlen(c->full) + 64);
	struct topic  *t = NEW(a, struct topic);

	t->arena = a;
	t->full = arena_strdup(a, c->full);
	t->name = t->full + strlen(TOPIC_PREFIX);
	t->kind = topic_kind(t->name);
	t->next = *bucket;
	t->link = bucket;
	if (t->next)
		t->next->link = &t->next;
	*bucket = t;
	return t;
}

static void watch(struct channel *c)
{
	c->next_watcher = watching;
	c->watcher_link = &watching;
	if (watching)
		watching->watcher_link = &c->next_watcher;
	watching = c;
}

static void unwatch(struct channel *c)
{
	if (!c->watcher_link)
		return;
	*c->watcher_link = c->next_watcher;
	if (c->next_watcher)
		c->next_watcher->watcher_link = c->watcher_link;
	c->watcher_link = NULL;
}

bool topic_enter(struct channel *c)
{
	struct topic *t = topic_find(c->name);

	if (!t)
		t = topic_make(c);
	if (t->kind == TOPIC_SESSION && t->members_n >= SESSION_MEMBERS_MAX)
		return false;
	c->topic = t;
	c->next = t->members;
	c->link = &t->members;
	if (c->next)
		c->next->link = &c->next;
	t->members = c;
	t->members_n++;
	if (t->kind == TOPIC_ADMIN || c->filters_n)
		watch(c);
	return true;
}

void topic_leave(struct channel *c)
{
	struct topic *t = c->topic;
	struct arena *a;

	if (!t)
		return;
	unwatch(c);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->topic = NULL;
	if (--t->members_n)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	a = t->arena;
	arena_free(&a);
}

/* ---- letters ---- */

static struct parcel *write_letter(struct ctx *cx, const struct letter *l, enum phoenix_version v)
{
	const struct phoenix_text text = {.topic = l->topic->full,
	                                  .event = l->event,
	                                  .payload = l->payload};
	struct span               all;
	struct err               *e = phoenix_print(cx, v, &text, (size_t)limits.queue_bytes, &all);

	if (!e)
		return parcel_new(all, false);
	log_err(LOG_WARN, cx, "message_not_written", e);
	return NULL;
}

void letter_give(struct ctx *cx, struct letter *l, struct channel *c)
{
	enum phoenix_version v = c->socket->version;

	if (!l->written[v])
		l->written[v] = write_letter(cx, l, v);
	if (l->written[v])
		socket_post(c->socket, l->written[v]);
}

void letter_give_all(struct ctx *cx, struct letter *l, const struct channel *but)
{
	if (!l->topic)
		return;
	for (struct channel *c = l->topic->members; c; c = c->next)
		if (c != but)
			letter_give(cx, l, c);
}

void letter_end(struct letter *l)
{
	for (size_t i = 0; i < COUNT(l->written); i++)
		parcel_drop(l->written[i]);
}

struct span broadcast_payload(struct ctx *cx, const char *name, struct span json)
{
	struct json_out *j = json_new(cx->arena, (size_t)limits.queue_bytes);
	struct span      out = {NULL, 0};
	struct err      *e;

	json_obj(j, NULL);
	json_str(j, "type", "broadcast");
	json_str(j, "event", name);
	json_raw(j, "payload", json);
	json_end(j);
	e = json_finish(cx, j, &out);
	if (e)
		log_err(LOG_WARN, cx, "message_not_written", e);
	return e ? (struct span){NULL, 0} : out;
}
