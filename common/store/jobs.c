/* jobs.c -- the jobs table. */
#include "jobs.h"

#include "../base/str.h"
#include "../db/db.h"
#include "common/store/job_claim.sql.h"
#include "common/store/job_end.sql.h"
#include "common/store/job_once.sql.h"
#include "common/store/jobs_told.sql.h"
#include "common/store/lazy_commit.sql.h"

#define ATTEMPTS_MAX 8
#define ERROR_MAX    1000 /* bytes of an error kept for a person */

struct err *job_enqueue(struct ctx *cx, const struct job_new *in)
{
	return db_exec(cx, NULL,
	               "insert into jobs (kind, key, payload, session_id, run_at, max_attempts)"
	               " values ($1, $2, coalesce($3::jsonb, '{}'), $4::uuid,"
	               "  now() + $5::bigint * interval '1 ms', $6::int) " JOB_ONCE_SQL,
	               ARGS(db_text(in->kind), db_text(in->key), db_text(in->payload),
	                    db_text(in->session_id), db_int((int64_t)in->delay_ms),
	                    db_int(in->max_attempts ? in->max_attempts : ATTEMPTS_MAX)));
}

/* ---- ending ---- */

static const char *state_after(enum job_outcome outcome)
{
	static const char *const states[] = {
		[JOB_DONE] = "done",      [JOB_AGAIN] = "ready", [JOB_DEAD] = "dead",
		[JOB_RETURNED] = "ready", [JOB_ROUND] = "ready",
	};

	return states[outcome];
}

static int attempts_after(const struct job *job, enum job_outcome outcome)
{
	if (outcome == JOB_ROUND)
		return 0;
	return job->attempt - (outcome == JOB_RETURNED);
}

static const char *error_text(struct ctx *cx, const struct err *why)
{
	struct buf b = buf_new(cx->arena, ERROR_MAX);

	if (!why)
		return NULL;
	buf_printf(&b, "%s: %.700s (%s)", err_code(why->kind), why->detail ? why->detail : "",
	           why->where);
	return buf_text(&b);
}

/* The parameters of job_end.sql; all null without a job. */
struct ended {
	struct db_val id, attempt, state, attempts, error, pause;
};

static struct ended ended_of(struct ctx *cx, const struct job_end *end)
{
	if (!end)
		return (struct ended){.id = db_text(NULL)};
	return (struct ended){db_int(end->job->id),
	                      db_int(end->job->attempt),
	                      db_text(state_after(end->outcome)),
	                      db_int(attempts_after(end->job, end->outcome)),
	                      db_text(error_text(cx, end->why)),
	                      db_int((int64_t)end->pause_ms)};
}

struct err *job_settle(struct ctx *cx, const struct job_end *end, bool *is_ours_out)
{
	struct ended   e = ended_of(cx, end);
	struct db_rows rows;

	/* Undone by a crash it is a job that runs again, as it may anyway. */
	TRY(db_query(cx, &rows,
	             "with " JOB_END_SQL " select exists (select from ended), " LAZY_COMMIT_SQL,
	             ARGS(e.id, db_text(end->job->worker), e.attempt, e.state, e.attempts, e.error,
	                  e.pause)));
	*is_ours_out = row_bool(&rows, 0, 0);
	return NULL;
}

/* ---- claiming ---- */

/* Kinds are names out of our own tables: they need no quoting in an array. */
static const char *kinds_array(struct ctx *cx, const struct job_wanted *kinds, size_t n,
                               bool only_periodic)
{
	struct buf b = buf_new(cx->arena, 0);

	buf_char(&b, '{');
	for (size_t i = 0; i < n; i++)
		if (kinds[i].is_periodic || !only_periodic)
			buf_printf(&b, b.len > 1 ? ",%s" : "%s", kinds[i].kind);
	buf_char(&b, '}');
	return buf_text(&b);
}

static const char *leases_array(struct ctx *cx, const struct job_wanted *kinds, size_t n)
{
	struct buf b = buf_new(cx->arena, 0);

	buf_char(&b, '{');
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, i ? ",%u" : "%u", kinds[i].lease_ms);
	buf_char(&b, '}');
	return buf_text(&b);
}

static size_t place_of(const struct job_wanted *kinds, size_t n, const char *kind)
{
	size_t i = 0;

	while (i + 1 < n && !str_equal(kinds[i].kind, kind))
		i++;
	return i;
}

static void read_job(const struct db_rows *rows, const struct job_wanted *wanted,
                     const char *worker, struct job *out)
{
	*out = (struct job){
		.id = row_int(rows, 0, 0),
		.kind = wanted->kind,
		.key = row_text(rows, 0, 2),
		.payload = span_of(row_text(rows, 0, 3)),
		.session_id = row_text(rows, 0, 4),
		.payers = row_text(rows, 0, 9),
		.attempt = (int)row_int(rows, 0, 5),
		.max_attempts = (int)row_int(rows, 0, 6),
		.has_died = row_bool(rows, 0, 7),
		.worker = worker,
		.lease_ms = wanted->lease_ms,
	};
}

struct err *job_claim(struct ctx *cx, const struct job_end *last, const struct job_wanted *kinds,
                      size_t n, const char *worker, unsigned most_rest_ms, struct job_found *out)
{
	struct ended   e = ended_of(cx, last);
	struct db_rows rows;

	TRY(db_query(cx, &rows, JOB_CLAIM_SQL,
	             ARGS(e.id, db_text(worker), e.attempt, e.state, e.attempts, e.error, e.pause,
	                  db_text(kinds_array(cx, kinds, n, false)),
	                  db_text(leases_array(cx, kinds, n)), db_text(kinds_array(cx, kinds, n, true)),
	                  db_int(most_rest_ms))));
	*out = (struct job_found){.rest_ms = (unsigned)row_int(&rows, 0, 8),
	                          .was_ours = row_bool(&rows, 0, 10)};
	out->is_none = row_is_null(&rows, 0, 0);
	if (out->is_none)
		return NULL;
	out->place = place_of(kinds, n, row_text(&rows, 0, 1));
	read_job(&rows, &kinds[out->place], worker, &out->job);
	return NULL;
}

/* ---- at work ---- */

/* An attempt's number tells it from an earlier one of the same worker. */
struct err *job_extend(struct ctx *cx, const struct job *job)
{
	int64_t n;

	TRY(db_exec(cx, &n,
	            "update jobs set leased_until = clock_timestamp() + $4::bigint * interval '1 ms'"
	            " where id = $1::bigint and state = 'running' and leased_by = $2"
	            " and attempts = $3::int",
	            ARGS(db_int(job->id), db_text(job->worker), db_int(job->attempt),
	                 db_int(job->lease_ms))));
	if (n == 0)
		FAIL(cx, ERR_CONFLICT, "the lease on job %lld is lost", (long long)job->id);
	cx->deadline = job_deadline(job->lease_ms);
	return NULL;
}

struct err *job_hopeless(struct job *job, struct err *why)
{
	job->is_hopeless = true;
	return why;
}

struct err *job_postpone(struct job *job, struct err *why, uint64_t ms)
{
	job->postponed_ms = ms ? ms : 1;
	return why;
}

struct err *jobs_tell(struct ctx *cx, int64_t most, struct span *out)
{
	struct db_rows rows;

	TRY(db_query(cx, &rows, JOBS_TOLD_SQL, ARGS(db_int(most))));
	*out = span_of(row_text(&rows, 0, 0));
	return NULL;
}

struct err *jobs_call_out(struct ctx *cx, const char *payload)
{
	return db_exec(cx, NULL, "select pg_notify('" JOBS_CHANNEL "', $1)", ARGS(db_text(payload)));
}

struct deadline job_deadline(unsigned lease_ms)
{
	return deadline_in(lease_ms - lease_ms / 8);
}
