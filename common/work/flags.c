/* flags.c -- one thread that reads, and what it read. */
#include "flags.h"

#include "../base/fatal.h"
#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/thread.h"
#include "../store/feature_flags.h"

#define ARENA_BYTES 4096u
#define STACK_BYTES ((size_t)1 << 20)
#define READ_MS     5000u
#define FIRST_MS    500u
#define RETRY_MS    5000u

static struct flags_values {
	int64_t seconds;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(flags_values, seconds, "FLAGS_SECONDS", .fallback = "60", .min = 1, .max = 3600,
                .help = "how often a program looks for changed feature flags"),
};
const struct cfg_group flags_settings = {"Flags", &values, keys, COUNT(keys)};

static struct {
	struct monitor news; /* guards what is known */
	struct cancel  stop;
	pthread_t      thread;
	struct arena  *memory; /* of the known ones */
	struct flag    known[FLAGS_MAX];
	unsigned       counted_as[FLAGS_MAX];
	size_t         n;
	bool           has_tried, is_started;
	bool           is_failing; /* the thread's own */
} office = {.news = MONITOR};

/* ---- the thread ---- */

/* Names among metrics are claimed here, for that may wait for other programs. */
static void keep(struct arena *memory, const struct flag *flags, size_t n)
{
	unsigned      counted_as[FLAGS_MAX] = {0};
	struct arena *before;

	for (size_t i = 0; i < n; i++)
		counted_as[i] = metrics_name(NAMES_flag, flags[i].name);
	monitor_lock(&office.news);
	before = office.memory;
	office.memory = memory;
	office.n = n;
	memcpy(office.known, flags, n * sizeof(*flags));
	memcpy(office.counted_as, counted_as, n * sizeof(*counted_as));
	monitor_unlock(&office.news);
	if (before)
		arena_free(&before);
}

/* The rows belong to the unit of work, whose arena this is: it stays as long as they do. */
static void copy(struct arena *to, struct flag *flags, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		flags[i].name = arena_strdup(to, flags[i].name);
		flags[i].salt = arena_strdup(to, flags[i].salt);
		flags[i].modes = flags[i].modes ? arena_strdup(to, flags[i].modes) : NULL;
		flags[i].origins = flags[i].origins ? arena_strdup(to, flags[i].origins) : NULL;
	}
}

static struct err *read_flags(struct ctx *cx)
{
	struct flag   flags[FLAGS_MAX];
	struct arena *memory;
	size_t        n;

	arena_reset(cx->arena);
	cx->deadline = deadline_in(READ_MS);
	TRY(feature_flags_read(cx, flags, &n));
	memory = arena_new(ARENA_BYTES);
	copy(memory, flags, n);
	keep(memory, flags, n);
	return NULL;
}

static void look(struct ctx *cx)
{
	struct err *e = read_flags(cx);

	if (e && !office.is_failing && e->kind != ERR_CANCELLED)
		log_err(LOG_WARN, cx, "flags_not_read", e);
	office.is_failing = e != NULL;
	monitor_lock(&office.news);
	office.has_tried = true;
	monitor_tell_all(&office.news);
	monitor_unlock(&office.news);
}

static void *keep_looking(void *data)
{
	struct ctx  cx = {.arena = arena_new(ARENA_BYTES), .cancel = &office.stop, .is_job = true};
	enum waited how;

	(void)data;
	do {
		look(&cx);
		how = wait_fds(&office.stop, NULL, 0,
		               deadline_in(office.is_failing ? RETRY_MS : (uint64_t)values.seconds * 1000));
	} while (how != WAIT_CANCELLED);
	arena_free(&cx.arena);
	return NULL;
}

/* ---- the others ---- */

void flags_start(void)
{
	cancel_init(&office.stop);
	if (thread_start(&office.thread, STACK_BYTES, keep_looking, NULL) != 0)
		fatal("cannot start the thread for flags");
	office.is_started = true;
}

void flags_stop(void)
{
	if (!office.is_started)
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
	if (office.memory)
		arena_free(&office.memory);
	office.n = 0;
	office.is_started = false;
}

/* A look at a flag that says so; else until it does, or time is up. */
static void await_first(struct ctx *cx)
{
	struct deadline      until = deadline_sooner(cx->deadline, deadline_in(FIRST_MS));
	struct monitor_watch watch;
	bool                 is_here;

	monitor_lock(&office.news);
	is_here = office.has_tried || !office.is_started;
	monitor_unlock(&office.news);
	if (is_here)
		return;
	monitor_watch(&office.news, &watch, cx->cancel);
	monitor_lock(&office.news);
	while (!office.has_tried && monitor_wait(&office.news, &watch, until) == WAIT_READY)
		;
	monitor_unlock(&office.news);
	monitor_unwatch(&watch);
}

/* With the lock held: what is known of it may be gone behind it. */
static void judge_one(struct ctx *cx, size_t i, const struct flag_who *who, struct json_out *j,
                      struct flags *out)
{
	const struct flag *flag = &office.known[i];
	enum flag_state    state = flag_state(cx->arena, flag, who);

	if (state == FLAG_absent)
		return;
	json_str(j, flag->name, flag_word(state));
	out->applied[out->n++] =
		(struct flag_applied){.name = arena_strdup(cx->arena, flag->name),
	                          .is_on = state == FLAG_on || state == FLAG_forced_on,
	                          .counted_as = office.counted_as[i]};
}

void flags_judge(struct ctx *cx, const struct flag_who *who, struct flags *out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      told;

	out->n = 0;
	out->told = NULL;
	await_first(cx);
	json_obj(j, NULL);
	monitor_lock(&office.news);
	for (size_t i = 0; i < office.n; i++)
		judge_one(cx, i, who, j, out);
	monitor_unlock(&office.news);
	json_end(j);
	if (out->n && !json_finish(cx, j, &told))
		out->told = told.ptr;
}

bool flags_has(const struct flags *flags, const char *name)
{
	for (size_t i = 0; i < flags->n; i++)
		if (str_equal(flags->applied[i].name, name))
			return flags->applied[i].is_on;
	return false;
}

void flags_count(const struct flags *flags)
{
	for (size_t i = 0; i < flags->n; i++)
		metrics_add(METRIC_flagged,
		            AT(flags->applied[i].counted_as,
		               flags->applied[i].is_on ? FLAGGED_on : FLAGGED_off),
		            1);
}
