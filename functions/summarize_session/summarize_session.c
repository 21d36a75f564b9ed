/* summarize_session -- what a conversation came to.
 *
 * POST { session_id, session_secret, force_summarize? }
 *   -> { success, message }                                 nothing to do, or not yet
 *   or { success, summary, utterance_count, importance, themes?, action_items, provider }
 *
 * Jobs: "summarize" (every ten utterances, and when a session ends; before, the early turns of one
 * that has too many go), "close_idle" (ends sessions nobody uses), "purge_expired" (removes what
 * has run out), "retain" (and what is kept no longer), "export" (a list somebody asked for),
 * "storage_gone" and "storage_sweep" (bytes of files that are no more), "tell_errors" (to Sentry,
 * what went wrong in any program of this host). */
#include "../../common/engines/thinking.h"
#include "../../common/web/service.h"
#include "../../common/store/housekeeping.h"
#include "../../common/store/sessions.h"
#include "../../common/work/error_reports.h"
#include "../../common/work/object_bytes.h"
#include "../../common/work/export.h"
#include "../../common/work/object_upkeep.h"
#include "../../common/work/retain.h"
#include "../../common/work/summarize.h"

#define DEADLINE_MS 30000u
#define PARTS_MAX   50    /* of a session that was never summarised: 200 utterances each */
#define PART_MS     5000u /* what one more part should have left in a request */
#define IDLE_BATCH  500   /* sessions closed by one statement */
#define PURGE_BATCH 1000
#define PURGES_MAX  200 /* in one go; the rest waits for the next */

struct in {
	const char *session_id, *session_secret;
	bool        force_summarize;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_BOOL(in, force_summarize),
};

static void write_message(struct req *rq, const char *message)
{
	struct json_out *j = reply_json(rq, 200, 0);

	json_obj(j, NULL);
	json_bool(j, "success", true);
	json_str(j, "message", message);
	json_end(j);
}

static void write_themes(struct json_out *j, const struct summary *summary)
{
	if (summary->themes_n == 0)
		return;
	json_arr(j, "themes");
	for (size_t i = 0; i < summary->themes_n; i++)
		json_str(j, NULL, summary->themes[i]);
	json_end(j);
}

static void write_summary(struct req *rq, const struct summarized *s)
{
	struct json_out *j = reply_json(rq, 200, 0);

	json_obj(j, NULL);
	json_bool(j, "success", true);
	json_str(j, "summary", s->summary->text);
	json_int(j, "utterance_count", s->utterances);
	json_int(j, "importance", s->importance);
	write_themes(j, s->summary);
	action_items_write(j, "action_items", &s->summary->actions);
	json_str(j, "provider", s->provider);
	json_end(j);
}

/* A session that is much behind is caught up with as far as the time goes. */
static struct err *summarize_in_time(struct ctx *cx, const struct in *in, struct summarized *out)
{
	TRY(summarize(cx, in->session_id, in->force_summarize, out));
	while (out->is_partial && deadline_left_ms(cx->deadline) > PART_MS)
		TRY(summarize(cx, in->session_id, true, out));
	return NULL;
}

static struct err *summarize_session(struct req *rq)
{
	struct ctx       *cx = req_ctx(rq);
	struct in         in = {.force_summarize = false};
	struct summarized done;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(session_check(cx, in.session_id, in.session_secret));
	TRY(summarize_in_time(cx, &in, &done));
	if (done.verdict == SUMMARY_TOO_SHORT)
		write_message(rq, "Not enough content to summarize");
	else if (done.verdict == SUMMARY_RECENT && !in.force_summarize)
		write_message(rq, "Recent summary exists");
	else
		write_summary(rq, &done);
	return NULL;
}

/* ---- jobs ---- */

/* A session that has ended is summarised whatever little is new. */
static struct err *summarize_job(struct ctx *cx, struct job *job)
{
	const struct cJSON *orders;
	struct summarized   done;
	struct err         *e;

	if (!job->session_id)
		return job_hopeless(job, err_new(cx, ERR_INPUT, WHERE, "about no session"));
	TRY(json_parse(cx, job->payload, &orders));
	TRY(session_trim(cx, job->session_id));
	e = summarize(cx, job->session_id, json_bool_at(orders, "is_end", false), &done);
	for (int i = 1; !e && done.is_partial && i < PARTS_MAX; i++) {
		TRY(job_extend(cx, job));
		e = summarize(cx, job->session_id, true, &done);
	}
	return e && e->kind == ERR_NOT_FOUND ? job_hopeless(job, e) : e;
}

static struct err *close_idle(struct ctx *cx, struct job *job)
{
	int64_t closed = IDLE_BATCH;

	while (closed == IDLE_BATCH) {
		TRY(job_extend(cx, job));
		TRY(summaries_close_idle(cx, summarize_idle_seconds(), IDLE_BATCH, &closed));
	}
	return NULL;
}

static struct err *purge_expired(struct ctx *cx, struct job *job)
{
	int64_t most = PURGE_BATCH;

	for (int i = 0; most == PURGE_BATCH && i < PURGES_MAX; i++) {
		TRY(job_extend(cx, job));
		TRY(housekeeping_purge(cx, PURGE_BATCH, &most));
	}
	return NULL;
}

static const struct job_kind jobs[] = {
	{.name = "summarize", .lease_ms = 60000, .run = summarize_job},
	{.name = "close_idle", .lease_ms = 30000, .every_ms = 60 * 1000, .run = close_idle},
	{.name = "purge_expired",
     .lease_ms = 60000,
     .every_ms = 3600 * 1000,
     .run = purge_expired,
     .is_long = true},
	{.name = "retain", .lease_ms = 60000, .every_ms = 3600 * 1000, .run = retain, .is_long = true},
	{.name = "export", .lease_ms = 120000, .run = export_run, .is_long = true},
	{.name = "storage_gone", .lease_ms = 60000, .run = objects_bury},
	{.name = "storage_sweep",
     .lease_ms = 120000,
     .every_ms = 3600 * 1000,
     .run = objects_sweep,
     .is_long = true},
	{.name = "tell_errors",
     .lease_ms = 120000,
     .every_ms = ERROR_REPORTS_EVERY_MS,
     .run = tell_errors,
     .is_long = true},
};

static int check(void)
{
	return object_bytes_check() + sentry_check();
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "summarize_session",
	                                      .methods = METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = DEADLINE_MS,
	                                      .rate_per_minute = 10,
	                                      .threads = 16,
	                                      .chains = (struct chain *const[]){&thinking},
	                                      .chains_n = 1,
	                                      .engines = &engine_room,
	                                      .start = check,
	                                      .settings =
	                                          (const struct cfg_group *const[]){&summarize_settings,
	                                                                            &retention_settings,
	                                                                            &sentry_settings,
	                                                                            OBJECT_SETTINGS},
	                                      .settings_n = 5,
	                                      .handle = summarize_session,
	                                      .jobs = jobs,
	                                      .jobs_n = COUNT(jobs)});
}
