/* job_worker.c -- a program whose jobs do as told, for jobs.test.mjs.
 *
 * A job of the kind "test" writes into job_test.runs that it runs, then obeys its
 * payload: {"ms": how long it takes, "extend": keeps its lease meanwhile, "deaf":
 * does not look whether it is cancelled, "fails": attempts that fail first,
 * "hopeless": says that it will never succeed}. In the end it has its effect, once,
 * in job_test.effects. "test_long" is the same beside the others, and "test_round" periodic
 * there. */
#include "../../common/base/json_in.h"
#include "../../common/db/db.h"
#include "../../common/web/service.h"

#include <unistd.h>

#define SLICE_MS 10

static struct err *take_time(struct ctx *cx, const struct job *job, const struct cJSON *orders)
{
	bool     extends = json_bool_at(orders, "extend", false);
	bool     is_deaf = json_bool_at(orders, "deaf", false);
	uint64_t end = clock_mono_ms() + (uint64_t)json_num_at(orders, "ms", 0);

	while (clock_mono_ms() < end) {
		if (!is_deaf && ctx_cancelled(cx))
			FAIL(cx, ERR_CANCELLED, "told to stop");
		if (extends && deadline_left_ms(cx->deadline) < job->lease_ms / 2)
			TRY(job_extend(cx, job));
		usleep(SLICE_MS * 1000);
	}
	return NULL;
}

static struct err *test(struct ctx *cx, struct job *job)
{
	const struct cJSON *orders;

	TRY(json_parse(cx, job->payload, &orders));
	TRY(db_exec(cx, NULL, "insert into job_test.runs values ($1::bigint, $2::int, $3)",
	            ARGS(db_int(job->id), db_int(job->attempt), db_text(job->worker))));
	TRY(take_time(cx, job, orders));
	if (json_bool_at(orders, "hopeless", false))
		return job_hopeless(job, err_new(cx, ERR_UPSTREAM_REJECTED, WHERE, "as ordered"));
	if (job->attempt <= (int)json_num_at(orders, "fails", 0))
		FAIL(cx, ERR_UPSTREAM, "attempt %d as ordered", job->attempt);
	return db_exec(cx, NULL,
	               "insert into job_test.effects values ($1::bigint) on conflict do nothing",
	               ARGS(db_int(job->id)));
}

static struct err *test_round(struct ctx *cx, struct job *job)
{
	return db_exec(cx, NULL, "insert into job_test.runs values ($1::bigint, $2::int, $3)",
	               ARGS(db_int(job->id), db_int(job->attempt), db_text(job->worker)));
}

static const struct job_kind jobs[] = {
	{.name = "test", .lease_ms = 1500, .run = test},
	{.name = "test_long", .lease_ms = 1500, .run = test, .is_long = true},
	{.name = "test_round", .lease_ms = 1500, .every_ms = 200, .run = test_round, .is_long = true},
};

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "job_worker",
	                                      .methods = METHOD_POST,
	                                      .threads = 1,
	                                      .jobs = jobs,
	                                      .jobs_n = COUNT(jobs)});
}
