/* metrics.h -- numbers of a host: counted by all of its programs, read by one
 * (functions/metrics).
 *
 * What only grows lies in a file that the programs map, a 64-bit word for each number. Counting
 * is one atomic addition to it: nanoseconds, no lock and nothing to undo, so a process that is
 * killed in the middle has counted or has not, and sums hold over processes and restarts. What
 * goes up and down lies in a place of each process, which counts only while that lives: what a
 * killed one had in hand is nobody's any more.
 *
 * The list of metrics (metric_list.h) decides the size of the file, and is part of its name: a
 * version with another list has another file. One that is not ours, or is damaged, is replaced
 * by a new one; without any, a process counts for itself alone and says so. Thread-safe once
 * metrics_start() has returned; before that, and without it, counts go nowhere. */
#ifndef METRICS_H
#define METRICS_H

#include "metric_list.h"
#include "str.h"

enum metric {
#define X(name, ...) METRIC_##name,
	METRICS(X)
#undef X
};

enum metric_gauge {
#define X(name, ...) GAUGE_##name,
	METRIC_GAUGES(X)
#undef X
		GAUGES_N
};

/* Sets whose values are claimed. */
enum metric_names {
#define X(set, ...) NAMES_##set,
	METRIC_NAMED(X)
#undef X
		NAMES_N
};

/* The values of fixed sets: OUTCOME_ok, TURN_END_answered, PART_llm, FLAGGED_on, STAGE_think,
 * JOB_END_done, BROWSER_ERROR_network. */
#define X(word, ...) OUTCOME_##word,
enum metric_outcome { METRIC_OUTCOMES(X) OUTCOMES_N };
#undef X
#define X(word, ...) TURN_END_##word,
enum metric_turn { METRIC_TURNS(X) TURN_ENDS_N };
#undef X
#define X(word, ...) PART_##word,
enum metric_part { METRIC_PARTS(X) PARTS_N };
#undef X
#define X(word, ...) FLAGGED_##word,
enum metric_flag_state { METRIC_FLAG_STATES(X) FLAGGED_N };
#undef X
#define X(word, ...) STAGE_##word,
enum metric_stage { METRIC_STAGES(X) STAGES_N };
#undef X
#define X(word, ...) JOB_END_##word,
enum metric_job_end { METRIC_JOB_ENDS(X) JOB_ENDS_N };
#undef X
#define X(word, ...) BROWSER_ERROR_##word,
enum metric_browser_error { METRIC_BROWSER_ERRORS(X) BROWSER_ERRORS_N };
#undef X

/* Which number of a metric: the values of its labels, in order; the program is not among them. */
struct metric_at {
	unsigned of[2];
};
#define AT(...) ((struct metric_at){{__VA_ARGS__}})
#define ALONE   ((struct metric_at){{0, 0}})

/* This process counts for `program` from here on, in the file at path with the list's mark behind
 * it; path NULL, or no file to be had (logged): for itself alone. Once, before threads, and while
 * the process may still open the file. Waits for others at most two seconds. */
void metrics_start(const char *path, const char *program);
void metrics_stop(void);

/* The number of a name of ours in its set, for AT(); 0, which is shown as "other", where there is
 * no place left. The first time on a host it may wait, two seconds at most, so better at start. */
unsigned metrics_name(enum metric_names set, const char *name);

/* The value of METRIC_requests for this HTTP status. */
unsigned metrics_status(int status);

/* The part of a turn with this name, as answers call it; false: there is none. */
bool metrics_part(const char *name, enum metric_part *out) CHECKED;

/* ---- counting ---- */

/* n more. A label's value outside of its set is a mistake of ours (asserted). */
void metrics_add(enum metric m, struct metric_at at, uint64_t n);

/* A duration, into its bucket. */
void metrics_time_us(enum metric m, struct metric_at at, uint64_t us);
void metrics_time_ms(enum metric m, struct metric_at at, uint64_t ms);

/* It may come to be counted: it is shown as 0 until then, for who looks for the first failure. */
void metrics_expect(enum metric m, struct metric_at at);

/* Of this process. */
void metrics_gauge_add(enum metric_gauge g, int64_t n);
void metrics_gauge_set(enum metric_gauge g, int64_t value);

/* This process is as it should be, at that time of clock_mono_ms(); to be said every
 * METRIC_SOUND_MS / 4 at least. */
#define METRIC_SOUND_MS 8000u
void metrics_sound(uint64_t now_ms);

/* ---- reading ---- */

/* What it counts now, over all processes: of a histogram the number of durations. The program is
 * this process's own. */
uint64_t metrics_value(enum metric m, struct metric_at at);

/* All of them as Prometheus reads them. */
void metrics_write(struct buf *out);

/* The head of one more metric, for who adds some that are not counted here. */
void metrics_write_head(struct buf *out, const char *name, const char *type, const char *help);

/* A process that counts here and lives. */
struct metric_process {
	const char *program;  /* valid as long as the process */
	int         pid;      /* in its own namespace */
	uint64_t    sound_ms; /* its last metrics_sound(); 0: none */
	int64_t     gauges[GAUGES_N];
};

/* It has begun to serve and was not heard of for METRIC_SOUND_MS. */
bool metrics_hangs(const struct metric_process *p, uint64_t now_ms);

/* Calls fn for each. */
void metrics_processes(void (*fn)(const struct metric_process *p, void *data), void *data);

#endif
