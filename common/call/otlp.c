/* otlp.c -- one thread between the queue of stages and a collector. */
#include "otlp.h"

#include "../base/fatal.h"
#include "../base/json_out.h"
#include "../base/log.h"
#include "../base/percent.h"
#include "../base/thread.h"

#include <ctype.h>
#include <errno.h>

#define ROOM        2048u
#define BATCH       256u
#define PAUSE_MS    1000u
#define CONNECT_MS  2000u
#define SEND_MS     5000u
#define LEAVE_MS    1000u
#define REPLY_MAX   ((size_t)64 << 10) /* nothing of it is looked at */
#define HEADERS_MAX 8
#define ARENA_BYTES 16384u
#define STACK_BYTES ((size_t)1 << 20)

enum otlp_kind { KIND_INTERNAL = 1, KIND_SERVER = 2 };
#define STATUS_ERROR 2

static struct otlp_values {
	const char *endpoint, *headers;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_URL(otlp_values, endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT",
                .help = "collector that traces of turns go to by OTLP/HTTP, e.g. "
                        "http://127.0.0.1:4318; unset: none"),
	CFG_KEY_STR(otlp_values, headers, "OTEL_EXPORTER_OTLP_HEADERS", .flags = CFG_SECRET,
                .help = "headers for the collector, as in api-key=...,tenant=...; values may "
                        "be percent-encoded"),
};
const struct cfg_group otlp_settings = {"Traces", &values, keys, COUNT(keys)};

static struct {
	struct cancel stop;
	pthread_t     thread;
	bool          is_started, is_running;
	bool          is_failing; /* the thread's own */
	uint64_t      unsent;     /* since it was last told, its own too */
	const char   *headers[HEADERS_MAX + 2];
} office;

/* ---- the message ---- */

static void write_fact(struct json_out *j, const struct stage_fact *fact)
{
	char number[24];

	json_obj(j, NULL);
	json_str(j, "key", fact->key);
	json_obj(j, "value");
	if (fact->text) {
		json_str(j, "stringValue", fact->text);
	} else {
		snprintf(number, sizeof(number), "%lld", (long long)fact->number);
		json_str(j, "intValue", number);
	}
	json_end(j);
	json_end(j);
}

static void write_facts(struct json_out *j, const struct stage_fact *facts, size_t n)
{
	json_arr(j, "attributes");
	for (size_t i = 0; i < n; i++)
		write_fact(j, &facts[i]);
	json_end(j);
}

/* 64 bits are texts in protobuf's JSON. */
static void write_time(struct json_out *j, const char *key, int64_t unix_ms)
{
	char nanos[32];

	snprintf(nanos, sizeof(nanos), "%lld000000", (long long)unix_ms);
	json_str(j, key, nanos);
}

static void write_stage(struct json_out *j, const struct stage *s)
{
	json_obj(j, NULL);
	json_str(j, "traceId", s->trace);
	json_str(j, "spanId", s->span);
	if (*s->parent)
		json_str(j, "parentSpanId", s->parent);
	json_str(j, "name", s->name);
	json_int(j, "kind", s->is_whole ? KIND_SERVER : KIND_INTERNAL);
	write_time(j, "startTimeUnixNano", s->start_unix_ms);
	write_time(j, "endTimeUnixNano", s->end_unix_ms);
	write_facts(j, s->facts, s->facts_n);
	if (s->is_failed) {
		json_obj(j, "status");
		json_int(j, "code", STATUS_ERROR);
		json_end(j);
	}
	json_end(j);
}

static void write_resource(struct json_out *j, const char *program)
{
	const struct stage_fact who[] = {STAGE_TEXT("service.namespace", "scribe"),
	                                 STAGE_TEXT("service.name", program)};

	json_obj(j, "resource");
	write_facts(j, who, COUNT(who));
	json_end(j);
}

static void write_scope(struct json_out *j, const struct stage *stages, size_t n)
{
	json_arr(j, "scopeSpans");
	json_obj(j, NULL);
	json_obj(j, "scope");
	json_str(j, "name", "scribe");
	json_end(j);
	json_arr(j, "spans");
	for (size_t i = 0; i < n; i++)
		write_stage(j, &stages[i]);
	json_end(j);
	json_end(j);
	json_end(j);
}

struct err *otlp_json(struct ctx *cx, const char *program, const struct stage *stages, size_t n,
                      struct span *out)
{
	struct json_out *j = json_new(cx->arena, 0);

	json_obj(j, NULL);
	json_arr(j, "resourceSpans");
	json_obj(j, NULL);
	write_resource(j, program);
	write_scope(j, stages, n);
	json_end(j);
	json_end(j);
	json_end(j);
	return json_finish(cx, j, out);
}

/* ---- the thread ---- */

static struct err *post(struct ctx *cx, struct span json)
{
	size_t            len = strlen(values.endpoint);
	const char       *gap = len && values.endpoint[len - 1] == '/' ? "" : "/";
	struct http_call  call = {.url = arena_printf(cx->arena, "%s%sv1/traces", values.endpoint, gap),
	                          .headers = office.headers,
	                          .body = json,
	                          .limits = {.connect_ms = CONNECT_MS, .total_ms = SEND_MS},
	                          .reply_max = REPLY_MAX};
	struct http_reply reply;

	TRY(http_do(cx, &call, &reply));
	if (reply.status / 100 != 2)
		FAIL(cx, ERR_UPSTREAM, "the collector answered %d", reply.status);
	return NULL;
}

/* The first failure of a row tells it; how much went, the first success behind it. */
static void note(const struct ctx *cx, const struct err *e, size_t n)
{
	office.unsent += stages_dropped() + (e ? n : 0);
	if (e && !office.is_failing)
		log_err(LOG_WARN, cx, "traces_not_sent", e);
	office.is_failing = e != NULL;
	if (e || !office.unsent)
		return;
	LOG(LOG_WARN, cx, "spans_dropped", F_INT("n", office.unsent));
	office.unsent = 0;
}

static void send_batch(struct ctx *cx, const struct stage *stages, size_t n)
{
	bool        is_leaving = cancel_reason(&office.stop) != CANCEL_NONE;
	struct span json;
	struct err *e;

	arena_reset(cx->arena);
	cx->cancel = is_leaving ? NULL : &office.stop; /* a collector that hangs keeps nobody here */
	cx->deadline = deadline_in(is_leaving ? LEAVE_MS : SEND_MS);
	e = otlp_json(cx, program_invocation_short_name, stages, n, &json);
	if (!e)
		e = post(cx, json);
	note(cx, e, n);
}

/* Once it is to stop, one more batch is all it takes the time for. */
static void *keep_sending(void *data)
{
	static struct stage batch[BATCH];
	struct ctx          cx = {.arena = arena_new(ARENA_BYTES), .is_job = true};
	bool                is_last = false;
	size_t              n;

	(void)data;
	while (!is_last) {
		n = stages_take(batch, BATCH, PAUSE_MS, &office.stop);
		is_last = cancel_reason(&office.stop) != CANCEL_NONE;
		if (n)
			send_batch(&cx, batch, n);
	}
	arena_free(&cx.arena);
	return NULL;
}

static void start_thread(void)
{
	if (thread_start_for_all(&office.thread, STACK_BYTES, keep_sending, NULL) != 0)
		fatal("cannot start the thread for traces");
	office.is_running = true;
}

/* ---- the process ---- */

static bool has_control(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)text[i]))
			return true;
	return false;
}

/* "name: value" into `to`; its length, 0 where that is no header or does not fit. */
static size_t read_header(struct span item, char *to, size_t max)
{
	const char *equals = item.len ? memchr(item.ptr, '=', item.len) : NULL;
	size_t      name = equals ? (size_t)(equals - item.ptr) : 0;
	size_t      value = name ? item.len - name - 1 : 0;

	if (name == 0 || item.len + 2 > max)
		return 0;
	snprintf(to, max, "%.*s: %.*s", (int)name, item.ptr, (int)value, equals + 1);
	value = percent_decode(to + name + 2, value);
	to[name + 2 + value] = '\0';
	return has_control(to, name + 2 + value) ? 0 : name + 2 + value;
}

/* "a=b,c=d" as headers, made once; values may be percent-encoded (OpenTelemetry's protocol
 * exporter specification, after W3C Baggage). */
static int read_headers(void)
{
	static char text[4096];
	size_t      n = 0, used = 0, len;
	struct span rest = span_of(values.headers ? values.headers : ""), item;

	office.headers[n++] = "Content-Type: application/json";
	while (str_next_item(&rest, &item)) {
		if (!item.len)
			continue;
		len = n > HEADERS_MAX ? 0 : read_header(item, text + used, sizeof(text) - used);
		if (len == 0) {
			fprintf(stderr, "OTEL_EXPORTER_OTLP_HEADERS: expected at most %d name=value\n",
			        HEADERS_MAX);
			return 1;
		}
		office.headers[n++] = text + used;
		used += len + 1;
	}
	return 0;
}

int otlp_start(void)
{
	if (!values.endpoint || !*values.endpoint)
		return 0;
	cancel_init(&office.stop);
	office.is_started = true;
	stages_want(ROOM, start_thread);
	return read_headers();
}

void otlp_stop(void)
{
	if (!office.is_started)
		return;
	cancel_fire(&office.stop, CANCEL_STOPPING);
	if (office.is_running)
		pthread_join(office.thread, NULL);
	stages_end();
	cancel_end(&office.stop);
	office.is_started = false;
}
