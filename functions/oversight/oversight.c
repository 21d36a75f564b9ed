/* oversight -- what waits to be done, and who saw what of visitors, for who runs the system.
 *
 * GET ?of=jobs[&limit=N]
 *   -> { counts: [{ kind, state, jobs, ... }], jobs: [{ id, kind, state, attempts, error, ... }] }
 * GET ?of=log[&limit=N][&before=ID][&session=ID]
 *   -> { entries: [{ id, at, actor, action, subject, ... }], before }
 *
 * For owner and admin, by PostgreSQL's own rights (migrations/deploy/oversight.sql). What a job is
 * about, and what a provider said of its failure, is not told. */
#include "../../common/db/db.h"
#include "../../common/store/audit.h"
#include "../../common/store/jobs.h"
#include "../../common/web/form.h"
#include "../../common/web/person.h"
#include "../../common/web/service.h"

#define LIMIT     50 /* unless told */
#define LIMIT_MAX 200

struct wish {
	struct person_claims     claims;
	bool                     is_log;
	struct audit_wish        log; /* of both: log.most */
	struct span              jobs;
	const struct audit_told *entries;
	size_t                   entries_n;
};

/* ---- what is asked for ---- */

static struct err *read_number(struct req *rq, const char *name, int64_t most, int64_t *in_out)
{
	struct ctx *cx = req_ctx(rq);
	struct span query = span_of(req_query(rq));
	const char *text = form_text(cx, query, name);

	if (!form_value(query, name).ptr)
		return NULL;
	if (!text || !str_to_int(text, 1, most, in_out))
		FAIL_FIELD(cx, name, "is no number from 1 to %lld", (long long)most);
	return NULL;
}

static struct err *read_session(struct req *rq, const char **out)
{
	struct ctx *cx = req_ctx(rq);
	struct span query = span_of(req_query(rq));

	if (!form_value(query, "session").ptr)
		return NULL;
	*out = form_text(cx, query, "session");
	if (!*out || !str_is_uuid(*out))
		FAIL_FIELD(cx, "session", "is no id of a session");
	return NULL;
}

static struct err *read_wish(struct req *rq, struct wish *wish)
{
	struct ctx *cx = req_ctx(rq);
	const char *of = form_text(cx, span_of(req_query(rq)), "of");

	wish->log = (struct audit_wish){.most = LIMIT, .before = INT64_MAX};
	wish->is_log = of && str_equal(of, "log");
	if (!wish->is_log && (!of || !str_equal(of, "jobs")))
		FAIL_FIELD(cx, "of", "is neither jobs nor log");
	TRY(read_number(rq, "limit", LIMIT_MAX, &wish->log.most));
	TRY(read_number(rq, "before", INT64_MAX, &wish->log.before));
	return read_session(rq, &wish->log.session_id);
}

/* What they may is the database's to say, at this moment. */
static struct err *check_reader(struct req *rq, struct person_claims *claims_out)
{
	struct ctx   *cx = req_ctx(rq);
	struct person who;
	const char   *role;

	TRY(person_of(rq, &who));
	if (who.role == PERSON_ANON)
		FAIL(cx, ERR_UNAUTHORIZED, "nobody has signed in");
	*claims_out = person_claims(&who);
	TRY(access_role_now(cx, claims_out, &role));
	if (!role || !(str_equal(role, "owner") || str_equal(role, "admin")))
		FAIL_WORDED(cx, ERR_UNAUTHORIZED, .status = 403, .code = "forbidden",
		            .text = "Only an owner or admin may see jobs and the log.");
	return NULL;
}

static struct err *look(struct ctx *cx, void *data)
{
	struct wish *wish = data;

	TRY(access_set(cx, &wish->claims));
	if (wish->is_log)
		return audit_read(cx, &wish->log, &wish->entries, &wish->entries_n);
	return jobs_tell(cx, wish->log.most, &wish->jobs);
}

/* ---- the answer ---- */

static void write_entry(struct json_out *out, const struct audit_told *told)
{
	json_obj(out, NULL);
	json_int(out, "id", told->id);
	json_str(out, "at", told->at);
	json_str(out, "actor", told->actor);
	json_str(out, "name", told->name);
	json_str(out, "email", told->email);
	json_str(out, "action", told->action);
	json_str(out, "subject", told->subject);
	json_str(out, "session_id", told->session_id);
	json_raw(out, "rows", span_of(told->rows ? told->rows : "null"));
	json_str(out, "asked", told->asked);
	json_end(out);
}

/* `before` is that of the page behind this one; null: there is none. */
static void write_log(struct json_out *out, const struct wish *wish)
{
	size_t n = wish->entries_n;

	json_obj(out, NULL);
	json_arr(out, "entries");
	for (size_t i = 0; i < n; i++)
		write_entry(out, &wish->entries[i]);
	json_end(out);
	if (n && (int64_t)n == wish->log.most)
		json_int(out, "before", wish->entries[n - 1].id);
	else
		json_null(out, "before");
	json_end(out);
}

static struct err *oversight(struct req *rq)
{
	struct wish wish = {.is_log = false};

	TRY(check_reader(rq, &wish.claims));
	TRY(read_wish(rq, &wish));
	TRY(db_tx(req_ctx(rq), look, &wish));
	if (wish.is_log)
		write_log(reply_json(rq, 200, 0), &wish);
	else
		json_raw(reply_json(rq, 200, 0), NULL, wish.jobs);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "oversight",
	                                      .serves_people = true,
	                                      .methods = METHOD_GET,
	                                      .body_max = 1024,
	                                      .deadline_ms = 15000,
	                                      .rate_per_minute = 120,
	                                      .threads = 6,
	                                      .client_max = 2,
	                                      .handle = oversight});
}
