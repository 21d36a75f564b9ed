/* recall_memories -- find what was said, by meaning and by words.
 *
 * POST { session_id, session_secret, query, scopes?, limit?, min_importance? }
 *   -> { memories, count, provider } */
#include "../../common/base/log.h"
#include "../../common/work/memory.h"
#include "../../common/engines/embedding.h"
#include "../../common/engines/engine_room.h"
#include "../../common/web/service.h"

#define ANSWER_BYTES_MAX ((size_t)16 << 20) /* RECALL_MAX memories of the largest content */
#define SCOPES_MAX       4
#define LIMIT_DEFAULT    5

struct in {
	const char         *session_id, *session_secret, *query;
	struct texts        scopes;
	int64_t             limit;
	struct maybe_number min_importance;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, query, .is_required = true, .max = MEMORY_QUERY_MAX),
	INPUT_TEXTS(in, scopes, .max = SCOPES_MAX),
	INPUT_INT(in, limit, .min = 1, .max = RECALL_MAX),
	INPUT_NUMBER(in, min_importance, .min = 0, .max = 10),
};

static const char *default_scopes[] = {"medium", "long", "episodic"};

static struct err *check_scopes(struct ctx *cx, struct texts *scopes)
{
	static const char *const known[] = {"short", "medium", "long", "episodic"};

	if (scopes->n == 0)
		*scopes = (struct texts){default_scopes, COUNT(default_scopes)};
	for (size_t i = 0; i < scopes->n; i++) {
		bool is_known = false;

		for (size_t k = 0; k < COUNT(known); k++)
			is_known = is_known || str_equal(scopes->at[i], known[k]);
		if (!is_known)
			FAIL_FIELD(cx, "scopes", "must be among short, medium, long, episodic");
	}
	return NULL;
}

/* A fraction is a share of the whole scale, as in save_memory. */
static double least_importance(const struct maybe_number *given)
{
	if (!given->is_set)
		return 0;
	return given->value < 1 ? 1 + given->value * 9 : given->value;
}

static void answer(struct req *rq, const struct memory *found, size_t n, const char *provider)
{
	struct json_out *out = reply_json(rq, 200, ANSWER_BYTES_MAX);

	json_obj(out, NULL);
	json_arr(out, "memories");
	for (size_t i = 0; i < n; i++)
		memory_write(out, NULL, &found[i]);
	json_end(out);
	json_int(out, "count", (int64_t)n);
	json_str(out, "provider", provider);
	json_end(out);
}

struct found {
	const char          *session_id;
	const struct memory *at;
	size_t               n;
};

/* Behind the answer: who asked does not wait for the counting. */
static void count_use(struct ctx *cx, void *data)
{
	const struct found *found = data;
	struct err         *e = memory_count_use(cx, found->session_id, found->at, found->n);

	if (e)
		log_err(LOG_WARN, cx, "use_not_counted", e);
}

static struct err *recall_memories(struct req *rq)
{
	struct ctx    *cx = req_ctx(rq);
	struct in      in = {.limit = LIMIT_DEFAULT};
	struct found  *used = NEW(cx->arena, struct found);
	struct memory *found;
	const char    *provider;
	size_t         n;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(check_scopes(cx, &in.scopes));
	TRY(memory_recall(cx,
	                  &(struct recall){.session_id = in.session_id,
	                                   .session_secret = in.session_secret,
	                                   .query = in.query,
	                                   .scopes = in.scopes.at,
	                                   .scopes_n = in.scopes.n,
	                                   .limit = in.limit,
	                                   .min_importance = least_importance(&in.min_importance)},
	                  &found, &n, &provider));
	answer(rq, found, n, provider);
	*used = (struct found){in.session_id, found, n};
	req_after(rq, count_use, used);
	return NULL;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "recall_memories",
	                                      .methods = METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = 10000,
	                                      .rate_per_minute = 60,
	                                      .threads = 16,
	                                      .engines = &engine_room,
	                                      .chains = (struct chain *const[]){&embedding},
	                                      .chains_n = 1,
	                                      .settings =
	                                          (const struct cfg_group *const[]){MEMORY_SETTINGS},
	                                      .settings_n = 3,
	                                      .handle = recall_memories});
}
