/* browser_timings -- what a visitor's browser saw of a conversation, counted and not kept.
 *
 * POST { first_audio_ms?: [n], stalls?, stalled_ms?, errors?: { kind: n } }
 *   -> { success: true }
 *
 * first_audio_ms: of each turn how long it took from the end of what the visitor said until the
 * reply's first sound was heard; stalls, stalled_ms: how often a reply fell silent because its next
 * piece was not there, and for how long in all; errors: how many turns failed, by
 * METRIC_BROWSER_ERRORS.
 *
 * It is for navigator.sendBeacon(), as a page is left: no key, for such a request has no headers of
 * the page's, and any Content-Type, for text/plain alone needs no preflight. So anyone may say
 * anything, and what is said goes into metrics of its own (scribe_browser_*) and nowhere else. */
#include "../../common/base/metrics.h"
#include "../../common/web/service.h"

#define BODY_MAX   4096u
#define TURNS_MAX  50
#define WAIT_MAX   120000 /* ms; longer than any turn, and than any silence in one */
#define EVENTS_MAX 1000

struct in {
	const struct cJSON *first_audio_ms, *errors;
	int64_t             stalls, stalled_ms;
};

static const struct input_field fields[] = {
	INPUT_NODE(in, first_audio_ms),
	INPUT_INT(in, stalls, .min = 0, .max = EVENTS_MAX),
	INPUT_INT(in, stalled_ms, .min = 0, .max = (int64_t)EVENTS_MAX * WAIT_MAX),
	INPUT_NODE(in, errors, .is_object = true),
};

static const char *const error_kinds[] = {
#define X(word, ...) #word,
	METRIC_BROWSER_ERRORS(X)
#undef X
};

/* All of it is checked before any of it is counted. */
struct seen {
	uint64_t first_audio_ms[TURNS_MAX];
	size_t   turns_n;
	uint64_t errors[BROWSER_ERRORS_N];
};

static bool read_number(const struct cJSON *node, double max, uint64_t *out)
{
	double value = json_num_at(node, "", -1);

	if (json_type(node) != JSON_NUMBER || !(value >= 0 && value <= max))
		return false;
	*out = (uint64_t)value;
	return true;
}

static struct err *read_turns(struct ctx *cx, const struct cJSON *list, struct seen *out)
{
	if (!list)
		return NULL;
	if (json_type(list) != JSON_ARRAY || json_count(list) > TURNS_MAX)
		FAIL_FIELD(cx, "first_audio_ms", "must be an array of at most %d numbers", TURNS_MAX);
	for (const struct cJSON *node = json_first(list); node; node = json_next(node))
		if (!read_number(node, WAIT_MAX, &out->first_audio_ms[out->turns_n++]))
			FAIL_FIELD(cx, "first_audio_ms", "must hold numbers from 0 to %d", WAIT_MAX);
	return NULL;
}

static bool find_kind(const char *name, size_t *out)
{
	for (*out = 0; *out < COUNT(error_kinds); ++*out)
		if (str_equal(name, error_kinds[*out]))
			return true;
	return false;
}

static struct err *read_errors(struct ctx *cx, const struct cJSON *errors, struct seen *out)
{
	size_t kind;

	for (const struct cJSON *node = json_first(errors); node; node = json_next(node)) {
		if (!find_kind(json_name(node), &kind))
			FAIL_FIELD(cx, "errors", "names a kind that there is not");
		if (!read_number(node, EVENTS_MAX, &out->errors[kind]))
			FAIL_FIELD(cx, "errors", "must hold numbers from 0 to %d", EVENTS_MAX);
	}
	return NULL;
}

static void count(const struct in *in, const struct seen *seen)
{
	for (size_t i = 0; i < seen->turns_n; i++)
		metrics_time_ms(METRIC_browser_first_audio, ALONE, seen->first_audio_ms[i]);
	metrics_add(METRIC_browser_stalls, ALONE, (uint64_t)in->stalls);
	metrics_add(METRIC_browser_stalled, ALONE, (uint64_t)in->stalled_ms);
	for (unsigned kind = 0; kind < BROWSER_ERRORS_N; kind++)
		metrics_add(METRIC_browser_errors, AT(kind), seen->errors[kind]);
}

static struct err *browser_timings(struct req *rq)
{
	struct in        in = {.stalls = 0};
	struct seen      seen = {.turns_n = 0};
	struct json_out *out;

	TRY(input_parse(rq, fields, COUNT(fields), &in));
	TRY(read_turns(req_ctx(rq), in.first_audio_ms, &seen));
	TRY(read_errors(req_ctx(rq), in.errors, &seen));
	count(&in, &seen);
	out = reply_json(rq, 200, 0);
	json_obj(out, NULL);
	json_bool(out, "success", true);
	json_end(out);
	return NULL;
}

/* Who looks for the first failure sees them all as 0 until then. */
static int start(void)
{
	for (unsigned kind = 0; kind < BROWSER_ERRORS_N; kind++)
		metrics_expect(METRIC_browser_errors, AT(kind));
	return 0;
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "browser_timings",
	                                      .methods = METHOD_POST,
	                                      .body_max = BODY_MAX,
	                                      .deadline_ms = 5000,
	                                      .rate_per_minute = 30,
	                                      .threads = 8,
	                                      .start = start,
	                                      .handle = browser_timings});
}
