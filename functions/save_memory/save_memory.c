/* save_memory -- keep something worth remembering.
 *
 * POST { session_id, session_secret, scope, content, summary?, importance?, tags?,
 *        metadata?, occurred_at?, source_id? }
 *   -> { memory, success, duplicate } */
#include "../../common/base/metrics.h"
#include "../../common/domain/text/when.h"
#include "../../common/work/memory.h"
#include "../../common/engines/acts.h"
#include "../../common/engines/embedding.h"
#include "../../common/engines/engine_room.h"
#include "../../common/web/service.h"
#include "../../common/store/sessions.h"
#include "../../common/store/utterance_memories.h"

#include <math.h>

#define SCOPE_MAX     20
#define TIME_MAX      40
#define TAGS_MAX      20
#define METADATA_MAX  16384 /* bytes of its JSON */
#define PENDING_BATCH 16
#define PENDING_MS    60000u
#define KEPT_MS       1000u /* of one session's, in one go */
#define INDEXED_BATCH 100   /* memories of a second's work, where the vector index is large */
#define FOLDED_BATCH  200
#define FOLDED_MAX    100 /* batches of one job; another goes on */
/* What got no vector in time is found by its words alone until then. */
#define PENDING_EVERY_MS 10000u

struct in {
	const char         *session_id, *session_secret, *scope, *summary, *occurred_at, *source_id;
	const struct cJSON *content, *metadata;
	struct maybe_number importance;
	struct texts        tags;
};

static const struct input_field fields[] = {
	INPUT_SESSION(in),
	INPUT_TEXT(in, scope, .is_required = true, .max = SCOPE_MAX),
	INPUT_NODE(in, content, .is_required = true),
	INPUT_TEXT(in, summary, .max = MEMORY_SUMMARY_MAX),
	INPUT_NUMBER(in, importance, .min = 0, .max = 10),
	INPUT_TEXTS(in, tags, .max = TAGS_MAX),
	INPUT_NODE(in, metadata, .is_object = true),
	INPUT_TEXT(in, occurred_at, .max = TIME_MAX),
	INPUT_TEXT(in, source_id, .min = 1, .max = MEMORY_SOURCE_MAX),
};

static struct err *check_scope(struct ctx *cx, const char *scope)
{
	static const char *const scopes[] = {"short", "medium", "long", "episodic"};

	for (size_t i = 0; i < COUNT(scopes); i++)
		if (str_equal(scope, scopes[i]))
			return NULL;
	FAIL_FIELD(cx, "scope", "must be short, medium, long or episodic");
}

/* A fraction below 1 is a share of the whole scale; 1 itself is the least importance. */
static int importance_of(const struct maybe_number *given)
{
	if (!given->is_set)
		return 5;
	if (given->value < 1)
		return 1 + (int)lround(given->value * 9);
	return (int)lround(given->value);
}

static struct err *occurred_ms(struct ctx *cx, const char *text, int64_t *out)
{
	*out = clock_unix_ms();
	if (text && !when_parse_iso(text, out))
		FAIL_FIELD(cx, "occurred_at", "must be an ISO 8601 time");
	return NULL;
}

/* As it is stored: a thousand times 1e300 are 300 kB. */
static struct err *check_bytes(struct ctx *cx, const char *field, struct span json, size_t max)
{
	if (json_stored_bytes(cx, json) > max)
		FAIL_FIELD(cx, field, "is larger than %zu bytes", max);
	return NULL;
}

static struct err *read_input(struct req *rq, struct in *in, struct remember *out)
{
	struct ctx *cx = req_ctx(rq);
	const char *tags;

	TRY(input_parse(rq, fields, COUNT(fields), in));
	TRY(check_scope(cx, in->scope));
	TRY(check_bytes(cx, "content", json_print(cx, in->content), MEMORY_CONTENT_MAX));
	TRY(json_texts(cx, in->tags.at, in->tags.n, &tags));
	*out = (struct remember){
		.session_id = in->session_id,
		.scope = in->scope,
		.content = in->content,
		.summary = in->summary,
		.importance = importance_of(&in->importance),
		.tags_json = span_of(tags),
		.metadata_json = in->metadata ? json_print(cx, in->metadata) : SPAN("{}"),
		.is_time_given = in->occurred_at != NULL,
		.source_id = in->source_id,
	};
	TRY(check_bytes(cx, "metadata", out->metadata_json, METADATA_MAX));
	return occurred_ms(cx, in->occurred_at, &out->occurred_ms);
}

static struct err *save_memory(struct req *rq)
{
	struct ctx      *cx = req_ctx(rq);
	struct in        in = {.session_id = NULL};
	struct remember  what;
	struct memory    memory;
	struct json_out *out;
	bool             is_duplicate;

	TRY(read_input(rq, &in, &what));
	TRY(session_check(cx, in.session_id, in.session_secret));
	TRY(memory_remember(cx, &what, &memory, &is_duplicate));
	metrics_add(METRIC_memories, ALONE, !is_duplicate);
	memory.similarity = memory.score = 1; /* to itself: the member is always there */
	out = reply_json(rq, 200, 0);
	json_obj(out, NULL);
	memory_write(out, "memory", &memory);
	json_bool(out, "success", true);
	json_bool(out, "duplicate", is_duplicate);
	json_end(out);
	return NULL;
}

/* Vectors that could not be made in time, or are of another model than the first embedder's. */
static struct err *embed_memory(struct ctx *cx, struct job *job)
{
	bool left = true;

	(void)job; /* it names no memory: whatever lacks a vector is done */
	TRY(memory_drop_old_vectors(cx));
	while (left && !ctx_cancelled(cx) && deadline_left_ms(cx->deadline) > PENDING_MS / 4)
		TRY(memory_embed_pending(cx, PENDING_BATCH, &left));
	return NULL;
}

/* Behind what waits by now. */
static struct err *keep_on(struct ctx *cx, const char *session_id,
                           const struct memory_keeping *keeping)
{
	return utterances_keep_later(cx, session_id,
	                             arena_printf(cx->arena, "{\"after\":%lld,\"masked\":%u}",
	                                          (long long)keeping->after, keeping->masked_n));
}

/* What was said in a session becomes memories: enqueued by each turn that ends. Names that became
 * known in it are masked in all that was written before. Whoever has much of it lets others go
 * before. */
static struct err *keep_utterances(struct ctx *cx, struct job *job)
{
	const struct cJSON   *done;
	struct memory_keeping keeping = {.left = true};
	struct deadline       until = deadline_in(KEPT_MS);

	if (!job->session_id)
		return job_hopeless(job, err_new(cx, ERR_INPUT, WHERE, "about no session"));
	TRY(json_parse(cx, job->payload, &done));
	keeping.after = (int64_t)json_num_at(done, "after", 0);
	keeping.masked_n = (unsigned)json_num_at(done, "masked", 0);
	while (keeping.left && deadline_left_ms(until)) {
		TRY(memory_keep_utterances(cx, job->session_id, &keeping));
		if (keeping.left)
			TRY(job_extend(cx, job));
	}
	return keeping.left ? keep_on(cx, job->session_id, &keeping) : NULL;
}

/* An owner has more memories than are all compared: enqueued by what stored the last. */
static struct err *index_memories(struct ctx *cx, struct job *job)
{
	int64_t n = INDEXED_BATCH;

	if (!job->session_id)
		return job_hopeless(job, err_new(cx, ERR_INPUT, WHERE, "about no session"));
	while (n == INDEXED_BATCH) {
		TRY(memory_index_next(cx, job->session_id, INDEXED_BATCH, &n));
		TRY(job_extend(cx, job));
	}
	return NULL;
}

static struct err *fold_on(struct ctx *cx, const char *last_id)
{
	struct job_new next = {.kind = "fold_words",
	                       .key = "all",
	                       .payload = arena_printf(cx->arena, "{\"after\":\"%s\"}", last_id)};

	return job_enqueue(cx, &next);
}

/* Of all who have memories from before their words were folded: enqueued by the migration. */
static struct err *fold_words(struct ctx *cx, struct job *job)
{
	const struct cJSON *orders;
	const char         *last_id;

	TRY(json_parse(cx, job->payload, &orders));
	last_id = json_text_at(orders, "after");
	if (!last_id)
		last_id = "00000000-0000-0000-0000-000000000000";
	for (int i = 0; last_id && i < FOLDED_MAX; i++) {
		TRY(memory_fold_words(cx, FOLDED_BATCH, &last_id));
		TRY(job_extend(cx, job));
	}
	return last_id ? fold_on(cx, last_id) : NULL;
}

static const struct job_kind jobs[] = {
	{.name = "keep_utterances", .lease_ms = PENDING_MS, .run = keep_utterances},
	{.name = "index_memories", .lease_ms = PENDING_MS, .run = index_memories, .is_long = true},
	{.name = "fold_words", .lease_ms = PENDING_MS, .run = fold_words, .is_long = true},
	{.name = "embed_memory",
     .lease_ms = PENDING_MS,
     .every_ms = PENDING_EVERY_MS,
     .run = embed_memory,
     .is_long = true},
};

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "save_memory",
	                                      .methods = METHOD_POST,
	                                      .body_max = (size_t)1 << 20,
	                                      .deadline_ms = 10000,
	                                      .rate_per_minute = 60,
	                                      .threads = 16,
	                                      .is_idempotent = true,
	                                      .takes_session = true,
	                                      .engines = &engine_room,
	                                      .chains = (struct chain *const[]){&embedding},
	                                      .chains_n = 1,
	                                      .settings =
	                                          (const struct cfg_group *const[]){MEMORY_SETTINGS},
	                                      .settings_n = 3,
	                                      .jobs = jobs,
	                                      .jobs_n = COUNT(jobs),
	                                      .start = acts_start,
	                                      .stop = acts_stop,
	                                      .handle = save_memory});
}
