/* large_bodies.c -- a list of those who wait, and a count for each client that has any in hand. */
#include "large_bodies.h"

#include "../base/wait.h"
#include "by_client.h"

#define RETRY_MS 2000u

/* There while any of its are in hand. */
struct owner {
	struct by_client client; /* first */
	unsigned         n;
};

struct waiting {
	uint64_t        client;
	struct waiting *next;
};

static struct {
	struct monitor    m; /* guards the rest */
	unsigned          n;
	struct by_clients owners;
	struct waiting   *first;
} office = {.m = MONITOR};

static struct owner *owner_of(uint64_t client)
{
	return by_client_of(&office.owners, client, sizeof(struct owner));
}

static void forget_if_idle(struct owner *owner)
{
	if (owner->n == 0)
		by_client_forget(&office.owners, &owner->client);
}

static bool has_room(uint64_t client)
{
	struct owner *owner = owner_of(client);
	bool          has = owner->n < LARGE_BODIES_CLIENT_MAX;

	forget_if_idle(owner);
	return has;
}

/* Is nobody before it whose client may have one more? */
static bool is_next(const struct waiting *w)
{
	const struct waiting *at = office.first;

	while (at != w && !has_room(at->client))
		at = at->next;
	return at == w && office.n < LARGE_BODIES_MAX && has_room(w->client);
}

static void line_up(struct waiting *w)
{
	struct waiting **end = &office.first;

	while (*end)
		end = &(*end)->next;
	*end = w;
}

static void step_out(const struct waiting *w)
{
	struct waiting **at = &office.first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

static void count(uint64_t client, int by)
{
	struct owner *owner = owner_of(client);

	owner->n += (unsigned)by;
	office.n += (unsigned)by;
	forget_if_idle(owner);
}

static enum waited wait_for_place(struct ctx *cx)
{
	struct waiting       me = {.client = cx->client};
	enum waited          how = WAIT_READY;
	struct monitor_watch watch;

	monitor_watch(&office.m, &watch, cx->cancel);
	monitor_lock(&office.m);
	line_up(&me);
	while (how == WAIT_READY && !is_next(&me))
		how = monitor_wait(&office.m, &watch, cx->deadline);
	step_out(&me);
	if (how == WAIT_READY)
		count(me.client, 1);
	monitor_tell_all(&office.m); /* who stood behind it may be next */
	monitor_unlock(&office.m);
	monitor_unwatch(&watch);
	return how;
}

struct err *large_body_enter(struct ctx *cx)
{
	enum waited how = wait_for_place(cx);
	struct err *e;

	if (how == WAIT_CANCELLED)
		FAIL(cx, ERR_CANCELLED, "cancelled while waiting for room for a large body");
	if (how == WAIT_READY)
		return NULL;
	e = err_new(cx, ERR_UNAVAILABLE, WHERE, "too many large bodies are in hand");
	e->retry_after_ms = RETRY_MS;
	return e;
}

void large_body_leave(const struct ctx *cx)
{
	monitor_lock(&office.m);
	count(cx->client, -1);
	monitor_tell_all(&office.m);
	monitor_unlock(&office.m);
}
