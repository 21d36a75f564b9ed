/* stages.h -- what the stages of units of work took, on its way to who collects traces.
 *
 * Who works leaves a stage in a queue and goes on: that costs a lock nobody holds for long. One
 * thread of the process takes them out (call/otlp.h). A full queue drops, and counts what it drops.
 * Where nobody wants stages nothing is kept, and telling one costs a look. Thread-safe. */
#ifndef STAGES_H
#define STAGES_H

#include "ctx.h"

#define STAGE_FACTS_MAX 4

/* A number, or a text that lives as long as the process: what a visitor said is in no stage. */
struct stage_fact {
	const char *key;
	const char *text; /* NULL: the number */
	int64_t     number;
};
#define STAGE_TEXT(k, x) ((struct stage_fact){.key = (k), .text = (x)})
#define STAGE_INT(k, x)  ((struct stage_fact){.key = (k), .number = (int64_t)(x)})

struct stage {
	char              trace[TRACE_ID_CHARS + 1];
	char              span[TRACE_SPAN_CHARS + 1], parent[TRACE_SPAN_CHARS + 1]; /* "": none */
	const char       *name;
	bool              is_whole;  /* all of a request, not a part of it */
	bool              is_failed; /* our fault, or that of who we asked */
	int64_t           start_unix_ms, end_unix_ms;
	struct stage_fact facts[STAGE_FACTS_MAX];
	size_t            facts_n;
};

/* From `since_ms` (monotonic) until now the work did what `name` says. The name and the keys live
 * as long as the process; more facts than STAGE_FACTS_MAX are not told. */
void stage_tell(const struct ctx *cx, const char *name, uint64_t since_ms,
                const struct stage_fact *facts, size_t n);
#define STAGE(cx, name, since_ms, ...) \
	stage_tell((cx), (name), (since_ms), (const struct stage_fact[]){__VA_ARGS__}, \
	           COUNT(((const struct stage_fact[]){__VA_ARGS__})))

/* The same of all of a request. */
void stage_tell_whole(const struct ctx *cx, const char *name, uint64_t since_ms, bool is_failed,
                      const struct stage_fact *facts, size_t n);

/* Does anybody collect them? One atomic load. */
bool stages_are_wanted(void);

/* ---- by who collects ---- */

/* Before threads start. `on_first` is called once, by who tells the first stage: the thread that
 * takes them begins there. */
void stages_want(size_t room, void (*on_first)(void));

/* Nothing is wanted any more; once nobody tells or takes any. */
void stages_end(void);

/* Waits for stages and takes at most `max`, oldest first, once so many are there or the first has
 * waited for `pause_ms`; at once when `stop` has fired. 0: it has, and none is left. */
size_t stages_take(struct stage *out, size_t max, unsigned pause_ms, struct cancel *stop);

/* How many were dropped since this was asked. */
uint64_t stages_dropped(void);

#endif
