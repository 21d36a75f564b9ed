/* reports -- what happened between two times, in numbers, for people who sign in.
 *
 * GET ?from=TIME&to=TIME
 *   -> { from, to, sessions, turns, answered, minutes, converted, conversion, scores, waits,
 *        services, degraded }
 *
 * Without `from` the last seven days, without `to` until now. All who have a role may: nothing of
 * who spoke or what was said is in it. scripts/report shows the same at a terminal. */
#include "../../common/base/clock.h"
#include "../../common/domain/text/when.h"
#include "../../common/engines/prices.h"
#include "../../common/store/reports.h"
#include "../../common/web/form.h"
#include "../../common/web/person.h"
#include "../../common/web/service.h"

#define DAY_MS      ((int64_t)86400000)
#define DAYS_MAX    400 /* what services were asked for is kept as long */
#define DAYS        7   /* unless told */
#define DEADLINE_MS 15000u

/* A day, or a moment of one, as ISO 8601 writes it. */
static struct err *read_time(struct req *rq, const char *name, int64_t *ms)
{
	struct ctx *cx = req_ctx(rq);
	struct span query = span_of(req_query(rq));
	const char *text = form_text(cx, query, name);

	if (!form_value(query, name).ptr)
		return NULL;
	if (!text || !when_parse_iso(text, ms))
		FAIL_FIELD(cx, name, "is no time as 2026-11-27T21:00:00Z");
	return NULL;
}

static struct err *read_wish(struct req *rq, struct report_wish *wish)
{
	struct ctx *cx = req_ctx(rq);

	wish->to_ms = clock_unix_ms();
	wish->from_ms = wish->to_ms - DAYS * DAY_MS;
	TRY(read_time(rq, "from", &wish->from_ms));
	TRY(read_time(rq, "to", &wish->to_ms));
	if (wish->from_ms >= wish->to_ms)
		FAIL_FIELD(cx, "from", "is not before the time until when");
	if (wish->to_ms - wish->from_ms > DAYS_MAX * DAY_MS)
		FAIL_FIELD(cx, "from", "is more than %d days before the time until when", DAYS_MAX);
	return NULL;
}

/* What they may is the database's to say, at this moment. */
static struct err *check_reader(struct req *rq)
{
	struct ctx          *cx = req_ctx(rq);
	struct person        who;
	struct person_claims claims;
	const char          *role;

	TRY(person_of(rq, &who));
	if (who.role == PERSON_ANON)
		FAIL(cx, ERR_UNAUTHORIZED, "nobody has signed in");
	claims = person_claims(&who);
	TRY(access_role_now(cx, &claims, &role));
	if (!role)
		FAIL_WORDED(cx, ERR_UNAUTHORIZED, .status = 403, .code = "forbidden",
		            .text = "You may not see reports.");
	return NULL;
}

static struct err *reports(struct req *rq)
{
	struct report_wish wish = {.prices = prices_table()};
	struct span        report;

	TRY(check_reader(rq));
	TRY(read_wish(rq, &wish));
	TRY(report_make(req_ctx(rq), &wish, &report));
	json_raw(reply_json(rq, 200, 0), NULL, report);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "reports",
	                                      .methods = METHOD_GET,
	                                      .body_max = 1024,
	                                      .deadline_ms = DEADLINE_MS,
	                                      .rate_per_minute = 30,
	                                      .threads = 3, /* each reads all turns there are */
	                                      .client_max = 1,
	                                      .settings =
	                                          (const struct cfg_group *const[]){&price_settings},
	                                      .settings_n = 1,
	                                      .start = prices_start,
	                                      .handle = reports});
}
