/* shelf.c -- a list: there are few things, and none for long. */
#include "shelf.h"

#include "../../common/base/log.h"
#include "../../common/base/str.h"
#include "../../common/base/thread.h"

#define STACK_BYTES ((size_t)256 << 10)

struct thing {
	struct thing *next;
	const char   *key;
	struct arena *arena; /* it is in there itself */
	void         *value;
	uint64_t      until_ms;
	size_t        bytes;
};

static struct {
	struct monitor news; /* guards all here */
	struct thing  *all;
	size_t         bytes;
	struct cancel  stop;
	pthread_t      thread;
	bool           is_running;
} shelf = {.news = MONITOR};

/* ---- with the lock held ---- */

static struct thing *take_off(struct thing **at)
{
	struct thing *thing = *at;

	*at = thing->next;
	shelf.bytes -= thing->bytes;
	return thing;
}

static struct thing **find(const char *key)
{
	struct thing **at = &shelf.all;

	while (*at && !str_equal((*at)->key, key))
		at = &(*at)->next;
	return at;
}

static void throw_away(struct thing *thing)
{
	struct arena *arena = thing->arena;

	arena_free(&arena);
}

/* Returns when the next one is over. */
static struct deadline throw_away_old(void)
{
	struct deadline next = DEADLINE_NEVER;
	struct thing  **at = &shelf.all;

	while (*at) {
		struct deadline until = {(*at)->until_ms};

		if (deadline_left_ms(until) == 0) {
			throw_away(take_off(at));
			continue;
		}
		next = deadline_sooner(next, until);
		at = &(*at)->next;
	}
	return next;
}

/* ---- the thread ---- */

static void *clean_up(void *data)
{
	struct monitor_watch watch;

	(void)data;
	monitor_watch(&shelf.news, &watch, &shelf.stop);
	monitor_lock(&shelf.news);
	while (monitor_wait(&shelf.news, &watch, throw_away_old()) != WAIT_CANCELLED)
		;
	monitor_unlock(&shelf.news);
	monitor_unwatch(&watch);
	return NULL;
}

/* 0, or the errno for which there is none: then nothing may lie here, for it would stay. */
static int start_thread(void)
{
	int error;

	if (shelf.is_running)
		return 0;
	cancel_init(&shelf.stop);
	error = thread_start_for_all(&shelf.thread, STACK_BYTES, clean_up, NULL);
	shelf.is_running = error == 0;
	if (error)
		cancel_end(&shelf.stop);
	return error;
}

void shelf_end(void)
{
	if (shelf.is_running) {
		cancel_fire(&shelf.stop, CANCEL_STOPPING);
		pthread_join(shelf.thread, NULL);
		cancel_end(&shelf.stop);
		shelf.is_running = false;
	}
	while (shelf.all)
		throw_away(take_off(&shelf.all));
}

/* ---- all others ---- */

void shelf_put(const char *key, unsigned ms, struct arena *arena, void *value)
{
	struct thing *thing = NEW(arena, struct thing), **same;
	int           error = 0;

	*thing = (struct thing){.key = arena_strdup(arena, key),
	                        .arena = arena,
	                        .value = value,
	                        .until_ms = deadline_in(ms).at_ms};
	thing->bytes = arena_used(arena);
	monitor_lock(&shelf.news);
	same = find(key);
	if (*same)
		throw_away(take_off(same));
	if (shelf.bytes + thing->bytes <= SHELF_BYTES)
		error = start_thread();
	if (error || shelf.bytes + thing->bytes > SHELF_BYTES) {
		throw_away(thing);
	} else {
		thing->next = shelf.all;
		shelf.all = thing;
		shelf.bytes += thing->bytes;
		monitor_tell(&shelf.news);
	}
	monitor_unlock(&shelf.news);
	if (error)
		LOG(LOG_WARN, NULL, "shelf_not_kept", F_INT("errno", error));
}

void *shelf_copy(struct ctx *cx, const char *key, void *(*copy)(struct arena *, const void *))
{
	struct thing *thing;
	void         *value = NULL;

	monitor_lock(&shelf.news);
	thing = *find(key);
	if (thing && deadline_left_ms((struct deadline){thing->until_ms}))
		value = copy(cx->arena, thing->value);
	monitor_unlock(&shelf.news);
	return value;
}

static void free_arena(void *data)
{
	struct arena *arena = data;

	arena_free(&arena);
}

void *shelf_take(struct ctx *cx, const char *key)
{
	struct thing **at, *thing = NULL;

	monitor_lock(&shelf.news);
	at = find(key);
	if (*at)
		thing = take_off(at);
	monitor_unlock(&shelf.news);
	if (!thing)
		return NULL;
	arena_defer(cx->arena, free_arena, thing->arena);
	return deadline_left_ms((struct deadline){thing->until_ms}) ? thing->value : NULL;
}
