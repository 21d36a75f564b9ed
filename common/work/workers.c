/* workers.c -- the workers of a program.
 *
 * Each worker claims a due job, runs it, and says how it ended as it claims the
 * next; when there is none it sleeps until somebody tells of one. Kinds that take
 * long have a worker of their own, so that no other job waits until one is over. One
 * more thread does nothing but hear the NOTIFY that the jobs table sends with each
 * new job and wake the workers. A notification is only a hint: what counts is
 * the table, so a lost one costs time and never a job. Against losing them:
 *
 *   - workers also wake when the next job falls due or a lease runs out, and
 *     look now and then for no reason;
 *   - the listener proves its connection by sending a call of its own through the
 *     pool: behind PgBouncer in transaction mode LISTEN succeeds and nothing ever
 *     arrives. As long as the proof is missing, workers poll every JOBS_POLL_MS.
 *
 * All waiting ends at once when the process is told to stop. What a job is
 * about is never logged. */
#include "workers.h"

#include "../base/crypto.h"
#include "../base/fatal.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/payers.h"
#include "../base/thread.h"
#include "../base/wait.h"
#include "../db/db_side.h"
#include "heartbeat.h"

#include <errno.h>
#include <unistd.h>

#define ARENA_BYTES     16384u
#define STACK_BYTES     ((size_t)1 << 20) /* as a request's: handlers call the same things */
#define THREADS_MAX     16
#define STATEMENT_MS    5000u
#define CALM_POLLS      10u /* polls skipped while the listener hears */
#define BUSY_MS         50u /* before looking again at what another worker is taking */
#define TROUBLE_MS_MAX  10000u
#define LISTEN_MS       30000u /* of silence, then the connection is proven again */
#define PROOF_MS        2000u
#define RETRY_MS_MAX    3600000u
#define WORKER_NAME_MAX 200

struct jobs_values {
	int64_t threads, poll_ms, retry_ms, drain_ms;
};
static struct jobs_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(jobs_values, drain_ms, "JOBS_DRAIN_MS", .fallback = "5000", .min = 0, .max = 600000,
                .help = "how long a job in hand may take when the program stops"),
	CFG_KEY_INT(jobs_values, poll_ms, "JOBS_POLL_MS", .fallback = "3000", .min = 20, .max = 600000,
                .help = "pause between looks for jobs where NOTIFY is not heard"),
	CFG_KEY_INT(jobs_values, retry_ms, "JOBS_RETRY_MS", .fallback = "2000", .min = 1, .max = 600000,
                .help = "pause after a job's first failure; later ones grow"),
	CFG_KEY_INT(jobs_values, threads, "JOBS_THREADS", .fallback = "1", .min = 0, .max = THREADS_MAX,
                .help = "jobs a program works at once, beside one that takes long; 0: none"),
};
const struct cfg_group workers_settings = {"Jobs", &values, keys, COUNT(keys)};

struct worker {
	struct ctx             cx;
	struct arena          *other; /* of the job in hand, while the next is claimed into cx's */
	pthread_t              thread;
	struct cancel          cancel; /* of the job in hand, once the process has no more patience */
	char                   name[WORKER_NAME_MAX + 1]; /* host:pid:thread */
	bool                   is_for_long;
	const struct job_kind *kinds[JOB_KINDS_MAX];
	size_t                 kinds_n;
	size_t                 next_kind; /* where the next look begins, so that no kind starves */
	uint64_t               seen;      /* reasons to look when it looked last */
	unsigned               troubles;  /* failed looks in a row */
};

/* One per process. Kinds and names are read-only once threads run. */
static struct {
	const struct job_kind *kinds;
	size_t                 kinds_n, workers_n;
	struct worker          workers[THREADS_MAX + 1];
	pthread_t              listener;
	struct cancel          stop;     /* no more jobs are taken */
	struct monitor         news;     /* of wakes and at_work */
	uint64_t               wakes[2]; /* grow with every reason to look again; is for long? */
	size_t                 at_work;  /* workers that have not ended */
	atomic_bool            is_hearing;
	void (*on_told)(const char *told); /* NULL: nobody wants it */
} office = {.news = MONITOR};

static bool is_stopping(void)
{
	return cancel_reason(&office.stop) != CANCEL_NONE;
}

/* ---- waking ---- */

static void wake_for(bool is_long)
{
	monitor_lock(&office.news);
	office.wakes[is_long]++;
	monitor_tell_all(&office.news);
	monitor_unlock(&office.news);
}

static void wake_workers(void)
{
	wake_for(false);
	wake_for(true);
}

static uint64_t wakes_so_far(const struct worker *w)
{
	uint64_t n;

	monitor_lock(&office.news);
	n = office.wakes[w->is_for_long];
	monitor_unlock(&office.news);
	return n;
}

/* Up to ms, or until there is a reason that came after the last look. */
static void sleep_unless_woken(const struct worker *w, unsigned ms)
{
	struct deadline      until = deadline_in(ms);
	struct monitor_watch watch;

	monitor_watch(&office.news, &watch, &office.stop);
	monitor_lock(&office.news);
	while (office.wakes[w->is_for_long] == w->seen &&
	       monitor_wait(&office.news, &watch, until) == WAIT_READY)
		;
	monitor_unlock(&office.news);
	monitor_unwatch(&watch);
}

/* ---- one job ---- */

uint64_t workers_pause_ms(uint64_t first_ms, int attempt, unsigned spread, uint64_t asked_ms)
{
	uint64_t pause = first_ms;

	for (int i = 1; i < attempt && pause < RETRY_MS_MAX; i++)
		pause *= 4;
	if (pause > RETRY_MS_MAX)
		pause = RETRY_MS_MAX;
	pause = pause / 2 + pause * spread / 200;
	return pause > asked_ms ? pause : asked_ms;
}

static enum job_outcome judge(const struct worker *w, const struct job_kind *kind,
                              const struct job *job, const struct err *e)
{
	if (e && !job->is_hopeless && cancel_reason(&w->cancel))
		return JOB_RETURNED; /* cancelled by us, whatever its waits made of that */
	if (kind->every_ms)
		return JOB_ROUND;
	if (e && job->postponed_ms)
		return JOB_RETURNED;
	if (!e)
		return JOB_DONE;
	return job->is_hopeless || job->attempt >= job->max_attempts ? JOB_DEAD : JOB_AGAIN;
}

static uint64_t pause_after(const struct job_kind *kind, const struct job *job,
                            enum job_outcome outcome, const struct err *e)
{
	if (outcome == JOB_ROUND)
		return kind->every_ms;
	if (outcome == JOB_RETURNED)
		return job->postponed_ms;
	if (outcome != JOB_AGAIN)
		return 0;
	return workers_pause_ms((uint64_t)values.retry_ms, job->attempt, crypto_random_below(101),
	                        e->retry_after_ms);
}

static const char *outcome_name(enum job_outcome outcome, bool is_ours)
{
	static const char *const names[] = {
		[JOB_DONE] = "done",         [JOB_AGAIN] = "again", [JOB_DEAD] = "dead",
		[JOB_RETURNED] = "returned", [JOB_ROUND] = "round",
	};

	return is_ours ? names[outcome] : "lost";
}

static void log_job(const struct ctx *cx, const struct arena *its, const struct job *job,
                    const char *outcome, uint64_t start_ms, const struct err *e)
{
	/* Some go round every few seconds, and some wait for a key that nobody means to give: that all
	 * is as it was is news to nobody. */
	bool is_usual = e ? job->is_in_wait && str_equal(outcome, outcome_name(JOB_RETURNED, true))
	                  : str_equal(outcome, outcome_name(JOB_ROUND, true));

	if (e && !is_usual)
		log_err(LOG_WARN, cx, "job_failed", e);
	LOG(is_usual ? LOG_DEBUG : LOG_INFO, cx, "job", F_STR("kind", job->kind), F_INT("id", job->id),
	    F_INT("attempt", job->attempt), F_STR("outcome", outcome),
	    F_STR("code", e ? err_code(e->kind) : NULL), F_INT("ms", clock_mono_ms() - start_ms),
	    F_INT("db_ms", cx->cost.db_ms), F_INT("upstream_ms", cx->cost.upstream_ms),
	    F_INT("embed_ms", cx->cost.embed_ms), F_INT("arena_bytes", arena_used(its)));
}

static void count_end(unsigned kind, enum metric_job_end end)
{
	metrics_add(METRIC_jobs, AT(kind, end), 1);
}

/* In metrics as in the log. */
static void count_job(const struct job *job, enum job_outcome outcome, bool is_ours,
                      uint64_t start_ms)
{
	static const enum metric_job_end ends[] = {
		[JOB_DONE] = JOB_END_done,         [JOB_AGAIN] = JOB_END_again, [JOB_DEAD] = JOB_END_dead,
		[JOB_RETURNED] = JOB_END_returned, [JOB_ROUND] = JOB_END_round,
	};
	unsigned kind = metrics_name(NAMES_job, job->kind);

	count_end(kind, is_ours ? ends[outcome] : JOB_END_lost);
	metrics_time_ms(METRIC_job_time, AT(kind), clock_mono_ms() - start_ms);
}

static struct job_end run_job(struct worker *w, const struct job_kind *kind, struct job *job)
{
	struct ctx    *cx = &w->cx;
	struct job_end end = {.job = job};

	snprintf(cx->id, sizeof(cx->id), "job-%lld", (long long)job->id);
	trace_begin(&cx->trace, NULL);
	cx->deadline = job_deadline(kind->lease_ms);
	cx->cancel = &w->cancel;
	cx->cost = (struct ctx_cost){0};
	payers_join(cx, job->payers);
	metrics_gauge_add(GAUGE_jobs_in_hand, 1);
	end.why = kind->run(cx, job);
	metrics_gauge_add(GAUGE_jobs_in_hand, -1);
	end.outcome = judge(w, kind, job, end.why);
	end.pause_ms = pause_after(kind, job, end.outcome, end.why);
	return end;
}

/* ---- a worker ---- */

/* From the one behind the kind worked last, so that none starves. */
static void list_wanted(const struct worker *w, struct job_wanted out[JOB_KINDS_MAX])
{
	for (size_t i = 0; i < w->kinds_n; i++) {
		const struct job_kind *kind = w->kinds[(w->next_kind + i) % w->kinds_n];

		out[i] = (struct job_wanted){kind->name, kind->lease_ms, kind->every_ms != 0};
	}
}

/* Nobody is told of a job that is due later. Whoever works none of the rounds looks as often as if
 * they were theirs. */
static unsigned longest_rest_ms(void)
{
	unsigned ms = (unsigned)values.poll_ms * (office.is_hearing ? CALM_POLLS : 1);

	for (size_t i = 0; i < office.kinds_n; i++)
		if (office.kinds[i].every_ms && office.kinds[i].every_ms < ms)
			ms = office.kinds[i].every_ms;
	return ms;
}

/* Ends `last`, where there is one, and takes the next; its kind is then the one worked last. */
static struct err *claim(struct worker *w, const struct job_end *last, struct job_found *out)
{
	struct job_wanted wanted[JOB_KINDS_MAX];

	w->seen = wakes_so_far(w);
	ctx_detach(&w->cx, STATEMENT_MS);
	list_wanted(w, wanted);
	TRY(job_claim(&w->cx, last, wanted, w->kinds_n, w->name, longest_rest_ms(), out));
	out->rest_ms = out->rest_ms > BUSY_MS ? out->rest_ms : BUSY_MS;
	if (!out->is_none)
		w->next_kind = (w->next_kind + out->place + 1) % w->kinds_n;
	return NULL;
}

static const struct job_kind *kind_worked_last(const struct worker *w)
{
	return w->kinds[(w->next_kind + w->kinds_n - 1) % w->kinds_n];
}

/* A conflict is a job of the same key enqueued this moment: asked again, it is seen. That no other
 * job can be had does not keep this one from its end; who stops takes none. */
static struct err *settle(struct worker *w, const struct job_end *end, struct job_found *next)
{
	struct err *e;

	if (!is_stopping()) {
		e = claim(w, end, next);
		if (!e || e->uncertain)
			return e;
	}
	*next = (struct job_found){.is_none = true};
	ctx_detach(&w->cx, STATEMENT_MS);
	e = job_settle(&w->cx, end, &next->was_ours);
	return e && e->kind == ERR_CONFLICT ? job_settle(&w->cx, end, &next->was_ours) : e;
}

/* What is left of the job in hand is told, and the worker's arena is that of the next. */
static void work_on(struct worker *w, struct job_found *found)
{
	const struct job_kind *kind = kind_worked_last(w);
	struct job             job = found->job;
	uint64_t               start_ms = clock_mono_ms();
	struct arena          *its = w->cx.arena;
	struct job_end         end = run_job(w, kind, &job);
	struct err            *unsettled;

	w->cx.arena = w->other;
	w->other = its;
	unsettled = settle(w, &end, found);
	if (unsettled) { /* the lease will run out, and the job be run again */
		log_err(LOG_ERROR, &w->cx, "job_not_settled", unsettled);
		*found = (struct job_found){.is_none = true};
	}
	log_job(&w->cx, its, &job, unsettled ? "unsettled" : outcome_name(end.outcome, found->was_ours),
	        start_ms, end.why);
	count_job(&job, end.outcome, !unsettled && found->was_ours, start_ms);
	w->cx.id[0] = '\0';
	w->cx.trace = (struct trace){.id = ""};
	w->cx.payers = NULL;
	arena_reset(its);
}

static void begin_look(struct worker *w)
{
	arena_reset(w->cx.arena);
	w->cx.payers = NULL;
}

/* Works jobs of any kind while there are any; *rest_out is how long to rest then. */
static struct err *work_some(struct worker *w, unsigned *rest_out)
{
	struct job_found found;

	begin_look(w);
	TRY(claim(w, NULL, &found));
	while (!found.is_none) {
		if (found.job.has_died) {
			log_job(&w->cx, w->cx.arena, &found.job, "dead", clock_mono_ms(), NULL);
			count_end(metrics_name(NAMES_job, found.job.kind), JOB_END_dead);
			return NULL;
		}
		work_on(w, &found);
	}
	*rest_out = found.rest_ms;
	return NULL;
}

/* The database is away: told once, then tried less and less often. */
static unsigned rest_in_trouble(struct worker *w, const struct err *e)
{
	uint64_t ms = (uint64_t)values.poll_ms << (w->troubles < 4 ? w->troubles : 4);

	if (w->troubles++ == 0)
		log_err(LOG_WARN, &w->cx, "jobs_out_of_reach", e);
	if (ms > TROUBLE_MS_MAX)
		ms = TROUBLE_MS_MAX;
	return (unsigned)(ms / 2 + crypto_random_below((uint32_t)ms / 2 + 1));
}

static void leave_work(void)
{
	monitor_lock(&office.news);
	office.at_work--;
	monitor_tell_all(&office.news);
	monitor_unlock(&office.news);
}

static void *work(void *data)
{
	struct worker *w = data;

	w->cx.arena = arena_new(ARENA_BYTES);
	w->other = arena_new(ARENA_BYTES);
	w->cx.is_job = true;
	while (!is_stopping()) {
		unsigned    rest_ms = 0;
		struct err *e = work_some(w, &rest_ms);

		if (e)
			rest_ms = rest_in_trouble(w, e);
		else
			w->troubles = 0;
		if (rest_ms)
			sleep_unless_woken(w, rest_ms);
	}
	arena_free(&w->cx.arena);
	arena_free(&w->other);
	leave_work();
	return NULL;
}

/* ---- the listener ---- */

/* NULL: it is none of ours. */
static const struct job_kind *kind_named(const char *name)
{
	for (size_t i = 0; i < office.kinds_n; i++)
		if (str_equal(office.kinds[i].name, name))
			return &office.kinds[i];
	return NULL;
}

static void heed(const char *told)
{
	const struct job_kind *kind = kind_named(told);

	if (kind)
		wake_for(kind->is_long);
	else if (office.on_told)
		office.on_told(told);
}

/* Hears what comes within ms; *heard_out tells whether `wanted` was among it. */
static struct err *hear(struct ctx *cx, unsigned ms, const char *wanted, bool *heard_out)
{
	struct deadline until = deadline_in(ms);
	const char     *told;

	*heard_out = false;
	while (!*heard_out && !is_stopping() && deadline_left_ms(until)) {
		TRY(db_listen_wait(cx, deadline_left_ms(until), &told));
		if (told)
			heed(told);
		*heard_out = told && (!wanted || str_equal(told, wanted));
	}
	return NULL;
}

/* A call sent through the pool must arrive. */
static struct err *prove(struct ctx *cx)
{
	char call[CRYPTO_UUID_CHARS + 1];
	bool heard;

	crypto_uuid(call);
	TRY(jobs_call_out(cx, call));
	TRY(hear(cx, PROOF_MS, call, &heard));
	if (!heard && !is_stopping())
		FAIL(cx, ERR_UNAVAILABLE, "LISTEN hears nothing; is there a PgBouncer between?");
	if (!atomic_exchange(&office.is_hearing, true))
		wake_workers(); /* for what was missed while nobody listened */
	return NULL;
}

static struct err *hear_on(struct ctx *cx)
{
	bool heard = false;

	while (!is_stopping()) {
		arena_reset(cx->arena);
		cx->deadline = deadline_in(STATEMENT_MS);
		if (!heard)
			TRY(prove(cx));
		TRY(hear(cx, LISTEN_MS, NULL, &heard));
	}
	return NULL;
}

static struct err *connect_and_hear(struct ctx *cx)
{
	struct err *e;

	arena_reset(cx->arena);
	cx->deadline = deadline_in(STATEMENT_MS);
	e = db_listen(cx, JOBS_CHANNEL);
	if (!e) {
		heartbeat_look(); /* whoever told of a turn until now was not heard */
		e = hear_on(cx);
	}
	db_unlisten();
	return e;
}

static void *listen_for_jobs(void *data)
{
	struct ctx cx = {.arena = arena_new(ARENA_BYTES), .cancel = &office.stop, .is_job = true};
	unsigned   pause_ms = BUSY_MS;

	(void)data;
	while (!is_stopping()) {
		struct err *e = connect_and_hear(&cx);
		bool        was_hearing = atomic_exchange(&office.is_hearing, false);

		if (!e)
			break;
		if (was_hearing) {
			pause_ms = BUSY_MS;
			wake_workers(); /* their rest was planned for somebody who hears */
		}
		if (was_hearing || pause_ms == BUSY_MS)
			log_err(LOG_WARN, &cx, "jobs_not_heard", e);
		wait_fds(&office.stop, NULL, 0,
		         deadline_in(pause_ms / 2 + crypto_random_below(pause_ms / 2 + 1)));
		pause_ms = pause_ms * 2 < TROUBLE_MS_MAX ? pause_ms * 2 : TROUBLE_MS_MAX;
	}
	arena_free(&cx.arena);
	return NULL;
}

/* ---- the process ---- */

static void start_thread(pthread_t *thread, void *(*run)(void *), void *data)
{
	if (thread_start(thread, STACK_BYTES, run, data) != 0)
		fatal("cannot start a thread for jobs");
}

void workers_hear(void (*fn)(const char *told))
{
	office.on_told = fn;
}

static void open_office(const struct job_kind *kinds, size_t n)
{
	if (n > JOB_KINDS_MAX)
		fatal("%zu kinds of jobs; at most %d are possible", n, JOB_KINDS_MAX);
	office.kinds = kinds;
	office.kinds_n = n;
	for (size_t i = 0; i < n; i++)
		metrics_expect(METRIC_jobs, AT(metrics_name(NAMES_job, kinds[i].name), JOB_END_dead));
	cancel_init(&office.stop);
	office.at_work = office.workers_n;
}

static bool has_long(const struct job_kind *kinds, size_t n)
{
	bool has = false;

	for (size_t i = 0; i < n; i++)
		has |= kinds[i].is_long;
	return has;
}

/* The last one works what takes long, where there is such a thing. */
static void start_worker(size_t i, const char *host)
{
	struct worker *w = &office.workers[i];

	w->is_for_long = i + 1 == office.workers_n && has_long(office.kinds, office.kinds_n);
	for (size_t j = 0; j < office.kinds_n; j++)
		if (office.kinds[j].is_long == w->is_for_long)
			w->kinds[w->kinds_n++] = &office.kinds[j];
	cancel_init(&w->cancel);
	snprintf(w->name, sizeof(w->name), "%s:%ld:%zu", host, (long)getpid(), i + 1);
	start_thread(&w->thread, work, w);
}

void workers_start(const struct job_kind *kinds, size_t n, bool is_only)
{
	size_t threads = (size_t)values.threads;
	char   host[64] = "";

	if (is_only && threads == 0)
		threads = 1;
	if (n == 0 || threads == 0)
		return;
	office.workers_n = threads + has_long(kinds, n);
	open_office(kinds, n);
	gethostname(host, sizeof(host) - 1);
	start_thread(&office.listener, listen_for_jobs, NULL);
	for (size_t i = 0; i < office.workers_n; i++)
		start_worker(i, host);
	LOG(LOG_INFO, NULL, "working_jobs", F_INT("threads", office.workers_n));
}

/* What is in hand may end by itself; then it is cancelled. */
static void drain(void)
{
	struct deadline until = deadline_in((uint64_t)values.drain_ms);

	monitor_lock(&office.news);
	while (office.at_work && monitor_wait(&office.news, NULL, until) == WAIT_READY)
		;
	monitor_unlock(&office.news);
	for (size_t i = 0; i < office.workers_n; i++)
		cancel_fire(&office.workers[i].cancel, CANCEL_STOPPING);
}

void workers_stop(void)
{
	if (office.workers_n == 0)
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	drain();
	for (size_t i = 0; i < office.workers_n; i++) {
		pthread_join(office.workers[i].thread, NULL);
		cancel_end(&office.workers[i].cancel);
	}
	pthread_join(office.listener, NULL);
	cancel_end(&office.stop);
	LOG(LOG_INFO, NULL, "jobs_drained", F_INT("threads", office.workers_n));
}
