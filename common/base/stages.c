/* stages.c -- a ring under one lock. */
#include "stages.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct monitor news; /* guards all but is_wanted */
	atomic_bool    is_wanted;
	struct stage  *ring;
	size_t         room, first, n;
	uint64_t       dropped;
	size_t         enough; /* who takes is woken at so many */
	void (*on_first)(void);
} queue = {.news = MONITOR};

bool stages_are_wanted(void)
{
	return atomic_load_explicit(&queue.is_wanted, memory_order_relaxed);
}

/* With the lock held. */
static void put(const struct stage *s)
{
	if (queue.n == queue.room) {
		queue.dropped++;
		return;
	}
	queue.ring[(queue.first + queue.n) % queue.room] = *s;
	queue.n++;
	if (queue.n == 1 || queue.n == queue.enough)
		monitor_tell(&queue.news);
}

static void leave(const struct stage *s)
{
	void (*on_first)(void);

	monitor_lock(&queue.news);
	put(s);
	on_first = queue.on_first;
	queue.on_first = NULL;
	monitor_unlock(&queue.news);
	if (on_first)
		on_first();
}

static struct stage stage_of(const struct ctx *cx, const char *name, uint64_t since_ms,
                             const struct stage_fact *facts, size_t n)
{
	struct stage s = {.name = name,
	                  .start_unix_ms = (int64_t)since_ms + cx->trace.unix_offset_ms,
	                  .end_unix_ms = (int64_t)clock_mono_ms() + cx->trace.unix_offset_ms};

	memcpy(s.trace, cx->trace.id, sizeof(s.trace));
	for (size_t i = 0; i < n && s.facts_n < STAGE_FACTS_MAX; i++)
		s.facts[s.facts_n++] = facts[i];
	return s;
}

void stage_tell(const struct ctx *cx, const char *name, uint64_t since_ms,
                const struct stage_fact *facts, size_t n)
{
	struct stage s;

	if (!cx->trace.is_sampled || !stages_are_wanted())
		return;
	s = stage_of(cx, name, since_ms, facts, n);
	trace_span(s.span);
	memcpy(s.parent, cx->trace.span, sizeof(s.parent));
	leave(&s);
}

void stage_tell_whole(const struct ctx *cx, const char *name, uint64_t since_ms, bool is_failed,
                      const struct stage_fact *facts, size_t n)
{
	struct stage s;

	if (!cx->trace.is_sampled || !stages_are_wanted())
		return;
	s = stage_of(cx, name, since_ms, facts, n);
	s.is_whole = true;
	s.is_failed = is_failed;
	memcpy(s.span, cx->trace.span, sizeof(s.span));
	memcpy(s.parent, cx->trace.parent, sizeof(s.parent));
	leave(&s);
}

/* ---- by who collects ---- */

void stages_want(size_t room, void (*on_first)(void))
{
	queue.ring = calloc(room, sizeof(*queue.ring));
	if (!queue.ring)
		return; /* traces are no reason to end */
	queue.room = room;
	queue.first = queue.n = 0;
	queue.on_first = on_first;
	atomic_store(&queue.is_wanted, true);
}

void stages_end(void)
{
	atomic_store(&queue.is_wanted, false);
	free(queue.ring);
	queue.ring = NULL;
	queue.room = queue.n = 0;
}

/* With the lock held: until enough is there, or what is there has waited long enough. */
static void await(size_t max, unsigned pause_ms, struct cancel *stop,
                  const struct monitor_watch *watch)
{
	struct deadline until = DEADLINE_NEVER;

	queue.enough = max;
	while (queue.n < max && !cancel_reason(stop) && deadline_left_ms(until) > 0) {
		if (queue.n && until.at_ms == DEADLINE_NEVER.at_ms)
			until = deadline_in(pause_ms);
		monitor_wait(&queue.news, watch, until);
	}
}

size_t stages_take(struct stage *out, size_t max, unsigned pause_ms, struct cancel *stop)
{
	struct monitor_watch watch;
	size_t               n;

	monitor_watch(&queue.news, &watch, stop);
	monitor_lock(&queue.news);
	await(max, pause_ms, stop, &watch);
	n = queue.n < max ? queue.n : max;
	for (size_t i = 0; i < n; i++)
		out[i] = queue.ring[(queue.first + i) % queue.room];
	queue.first = queue.room ? (queue.first + n) % queue.room : 0;
	queue.n -= n;
	monitor_unlock(&queue.news);
	monitor_unwatch(&watch);
	return n;
}

uint64_t stages_dropped(void)
{
	uint64_t n;

	monitor_lock(&queue.news);
	n = queue.dropped;
	queue.dropped = 0;
	monitor_unlock(&queue.news);
	return n;
}
