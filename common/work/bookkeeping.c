/* bookkeeping.c -- one thread, over a connection of the pool as jobs use it: requests go first.
 *
 * A statement of which nobody knows whether it came to be is repeated. Then what one second spent
 * is counted twice, and the bill is the smaller for it. */
#include "bookkeeping.h"

#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "../engines/meter.h"
#include "../store/ledger.h"

#define ARENA_BYTES 16384u
#define STACK_BYTES ((size_t)1 << 20)
#define PAUSE_MS    1000u
#define WRITE_MS    2000u
#define LEAVE_MS    1000u
#define LEAVE_TURNS 16 /* the table has no more than that */

static struct {
	struct monitor news; /* guards the flags */
	struct cancel  stop;
	pthread_t      thread;
	bool           is_started, is_running, is_due;
	/* Who has it writes; it guards is_failing: the first of a row tells it all. */
	struct turnstile pen;
	bool             is_failing;
} office = {.news = MONITOR, .pen = TURNSTILE(1)};

struct columns {
	struct buf payers, counts[METER_UNITS];
};

static void add_line(struct columns *c, const struct meter_line *line)
{
	const char *comma = c->payers.len ? "," : "";

	buf_printf(&c->payers, "%s%s", comma, line->who.name);
	for (size_t i = 0; i < METER_UNITS; i++)
		buf_printf(&c->counts[i], "%s%lld", comma, (long long)line->counts.of[i]);
}

static struct err *tell(struct ctx *cx, const struct meter_line *lines, size_t n,
                        struct db_rows *rows_out)
{
	struct columns c = {.payers = buf_new(cx->arena, 0)};

	for (size_t i = 0; i < METER_UNITS; i++)
		c.counts[i] = buf_new(cx->arena, 0);
	for (size_t i = 0; i < n; i++)
		add_line(&c, &lines[i]);
	return ledger_tell(cx,
	                   &(struct ledger_lines){buf_text(&c.payers),
	                                          buf_text(&c.counts[METER_REQUESTS]),
	                                          buf_text(&c.counts[METER_TOKENS]),
	                                          buf_text(&c.counts[METER_CHARACTERS]),
	                                          buf_text(&c.counts[METER_AUDIO_MS])},
	                   rows_out);
}

static void learn(const struct db_rows *rows)
{
	for (int i = 0; i < rows->count; i++) {
		struct meter_counts known;

		for (int unit = 0; unit < METER_UNITS; unit++)
			known.of[unit] = row_int(rows, i, 2 + unit);
		meter_learn(row_text(rows, i, 0), row_int(rows, i, 1), &known);
	}
}

static void note(struct ctx *cx, const struct err *e)
{
	if (e && !office.is_failing)
		log_err(LOG_ERROR, cx, "ledger_not_written", e);
	office.is_failing = e != NULL;
}

/* With the pen. */
static bool write_lines(struct ctx *cx)
{
	struct meter_line *lines = NEW_ARRAY(cx->arena, struct meter_line, METER_LINES_MAX);
	size_t             n = meter_collect(lines);
	struct db_rows     rows;
	struct err        *e = n ? tell(cx, lines, n, &rows) : NULL;

	if (n && !e)
		learn(&rows);
	if (n)
		note(cx, e);
	return meter_collected(lines, n, !e);
}

/* True when there is more to be written, or again. */
static bool write_some(struct ctx *cx)
{
	bool is_due;

	if (turnstile_enter(&office.pen, cx->cancel, cx->deadline) != WAIT_READY)
		return true;
	is_due = write_lines(cx);
	turnstile_leave(&office.pen);
	return is_due;
}

/* ---- the thread ---- */

/* With the lock held: until something is due, and then for the pause. False when it is time to
 * stop. */
static bool wait_until_due(struct monitor_watch *watch)
{
	struct deadline until = DEADLINE_NEVER;

	while (!cancel_reason(&office.stop)) {
		if (office.is_due && until.at_ms == DEADLINE_NEVER.at_ms)
			until = deadline_in(PAUSE_MS);
		if (office.is_due && deadline_left_ms(until) == 0)
			return true;
		monitor_wait(&office.news, watch, until);
	}
	return false;
}

static void write_once(struct ctx *cx)
{
	bool is_due;

	arena_reset(cx->arena);
	cx->deadline = deadline_in(WRITE_MS);
	is_due = write_some(cx);
	monitor_lock(&office.news);
	office.is_due |= is_due;
	monitor_unlock(&office.news);
}

static void leave(struct ctx *cx)
{
	ctx_detach(cx, LEAVE_MS);
	for (int i = 0; i < LEAVE_TURNS && write_some(cx); i++)
		;
}

static void *keep_books(void *data)
{
	struct ctx           cx = {.arena = arena_new(ARENA_BYTES), .is_job = true};
	struct monitor_watch watch;

	(void)data;
	monitor_watch(&office.news, &watch, &office.stop);
	monitor_lock(&office.news);
	while (wait_until_due(&watch)) {
		office.is_due = false;
		monitor_unlock(&office.news);
		write_once(&cx);
		monitor_lock(&office.news);
	}
	monitor_unlock(&office.news);
	monitor_unwatch(&watch);
	leave(&cx);
	arena_free(&cx.arena);
	return NULL;
}

/* With the lock held. */
static void start_thread(void)
{
	if (thread_start(&office.thread, STACK_BYTES, keep_books, NULL) != 0)
		fatal("cannot start bookkeeping");
	office.is_running = true;
}

/* ---- the others ---- */

static void become_due(void)
{
	monitor_lock(&office.news);
	if (office.is_started && !office.is_running)
		start_thread();
	office.is_due = true;
	monitor_tell(&office.news);
	monitor_unlock(&office.news);
}

void bookkeeping_start(void)
{
	cancel_init(&office.stop);
	office.is_started = true;
	meter_on_due(become_due);
}

void bookkeeping_stop(void)
{
	cancel_fire(&office.stop, CANCEL_STOPPING);
	if (office.is_running)
		pthread_join(office.thread, NULL);
	cancel_end(&office.stop);
}

void bookkeeping_now(struct ctx *cx)
{
	write_some(cx);
}
