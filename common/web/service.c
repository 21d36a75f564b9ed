/* service.c -- the story every request and every program goes through.
 *
 * A request: id, origin, method, health, key, body, idempotency, handle, reply,
 * log line. A program: options, settings, engines, threads, jobs, drain. A program
 * with no socket on descriptor 0 serves one request as plain CGI and works no jobs. */
#include "service.h"

#include "../base/address.h"
#include "../base/crypto.h"
#include "../base/error_count.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/stages.h"
#include "../base/user.h"
#include "../base/vault.h"
#include "../db/db.h"
#include "counting.h"
#include "health.h"
#include "key_owner.h"
#include "keys.h"
#include "request_payers.h"
#include "serve.h"
#include "sse_out.h"
#include "origin.h"
#include "service_options.h"
#include "service_settings.h"
#include "../store/idempotency.h"
#include "../store/sessions.h"
#include "../work/bookkeeping.h"
#include "../work/heartbeat.h"
#include "../work/progress.h"

#include <assert.h>
#include <malloc.h>
#include <unistd.h>

#define ARENA_BYTES 16384u
#define CLEANUP_MS  2000u /* for what must be written after the request's own time is over */
#define AFTER_MS    5000u /* for what is done behind the answer */
#define GIVE_UP_MS  2000u /* after its deadline nginx waits no longer than that for an answer */

static const struct service *service; /* one per process, read-only after start */

static const char *bodies_folder; /* NULL: bodies are in memory */

struct service_values {
	int64_t     threads, client_max, queue_max, body_ms, bodies;
	bool        is_verbose;
	const char *breaker_file, *metrics_file, *user;
};
static struct service_values values;

static const struct cfg_key keys[] = {
	CFG_KEY_INT(service_values, bodies, "SCRIBE_BODIES", .fallback = "16", .min = 5, .max = 1024,
                .help =
                    "largest bodies a program has room for while requests arrive, one address for "
                    "a quarter"),
	CFG_KEY_INT(service_values, body_ms, "SCRIBE_BODY_MS", .fallback = "20000", .min = 1000,
                .max = 600000,
                .help = "longest time for a request to arrive; 64 KiB of it buy a second more"),
	CFG_KEY_STR(service_values, breaker_file, "SCRIBE_BREAKER_FILE",
                .help =
                    "file by which the programs of a host share what they know of sick providers"),
	CFG_KEY_BOOL(service_values, is_verbose, "SCRIBE_LOG_DEBUG", .fallback = "0",
                 .help = "1: log debugging events too"),
	CFG_KEY_STR(service_values, metrics_file, "SCRIBE_METRICS_FILE",
                .help = "file in which the programs of a host count what metrics tell"),
	CFG_KEY_INT(service_values, queue_max, "SCRIBE_QUEUE", .fallback = "256", .min = 0,
                .max = 65536,
                .help = "requests that may wait for a thread of a program; more are answered 503"),
	CFG_KEY_INT(service_values, threads, "SCRIBE_THREADS", .fallback = "0", .min = 0, .max = 4096,
                .help = "requests a program serves at once; 0: the program's own number"),
	CFG_KEY_INT(service_values, client_max, "SCRIBE_THREADS_PER_CLIENT", .fallback = "0", .min = 0,
                .max = 4096,
                .help = "of these for one address, whose others wait; 0: the program's own number"),
	CFG_KEY_STR(service_values, user, "SCRIBE_USER", .fallback = "scribe",
                .help =
                    "who a program becomes that root starts, before it serves; root: nobody else"),
};
static const struct cfg_group own_settings = {"Programs", &values, keys, COUNT(keys)};

/* ---- one request ---- */

static const struct {
	const char *name;
	unsigned    bit;
} methods[] = {
#define X(name, bit) {#name, bit},
	METHODS(X)
#undef X
};

static const char *allowed_methods(struct req *rq)
{
	struct buf out = buf_new(req_ctx(rq)->arena, 0);

	for (size_t i = 0; i < COUNT(methods); i++)
		if (service->methods & methods[i].bit)
			buf_printf(&out, "%s, ", methods[i].name);
	buf_str(&out, "OPTIONS");
	return buf_text(&out);
}

static struct err *check_method(struct req *rq)
{
	const char *method = req_method(rq), *allowed;

	for (size_t i = 0; i < COUNT(methods); i++)
		if (service->methods & methods[i].bit && str_equal(method, methods[i].name))
			return NULL;
	allowed = allowed_methods(rq);
	req_set_header(rq, "Allow", allowed);
	FAIL(req_ctx(rq), ERR_METHOD, "method is not one of %s", allowed);
}

static struct err *check_key(struct req *rq)
{
	if (!service->needs_key || !keys_are_required())
		return NULL;
	if (keys_accept(req_ctx(rq), req_header(rq, "apikey"), req_header(rq, "Authorization")))
		return NULL;
	FAIL(req_ctx(rq), ERR_UNAUTHORIZED, "no good key");
}

static bool is_health_check(const struct req *rq)
{
	return health_asked(req_path_info(rq)) != HEALTH_NOT_ASKED;
}

/* To who does not run the system: nothing but that. Why is in the log. */
static void reply_down(struct req *rq)
{
	req_set_header(rq, "Retry-After", "1");
	reply_bytes(rq, 503, "application/json", SPAN("{\"status\":\"down\"}"));
}

static struct err *health(struct req *rq)
{
	struct health_question q = {.what = health_asked(req_path_info(rq)),
	                            .programs = req_programs(rq),
	                            .is_inside = req_is_inside(rq)};
	struct span            json;
	bool                   is_well;

	TRY(health_look(req_ctx(rq), &q, &is_well, &json));
	if (!is_well)
		req_set_header(rq, "Retry-After", "1");
	reply_bytes(rq, is_well ? 200 : 503, "application/json", json);
	return NULL;
}

/* A process that serves one request has heard of nothing yet. */
static void hear_of_budgets(struct ctx *cx)
{
	if (serve_has_socket())
		return;
	for (size_t i = 0; i < service->chains_n; i++)
		for (size_t j = 0; j < service->chains[i]->order_n; j++)
			meter_allows(cx, service->chains[i]->order[j]);
	bookkeeping_now(cx);
}

static struct err *handle(struct req *rq)
{
	if (service->chains_n) {
		req_ctx(rq)->payers = request_payers(rq);
		hear_of_budgets(req_ctx(rq));
	}
	TRY(service->handle(rq));
	return reply_finish(rq);
}

/* The store outlives the request's own time and its client: what ran must be recorded. */
static struct err *keep_answer(struct req *rq, const struct idempotent *it,
                               const struct err *failed)
{
	struct ctx  *cx = req_ctx(rq);
	struct reply reply;

	ctx_detach(cx, CLEANUP_MS);
	if (failed)
		return idempotency_release(cx, it);
	reply = req_reply(rq);
	return idempotency_store(cx, it,
	                         &(struct stored_answer){reply.status, reply.content_type, reply.body});
}

static struct err *handle_once(struct req *rq, const char *key)
{
	struct ctx                 *cx = req_ctx(rq);
	const struct stored_answer *replay;
	struct key_owner            owner;
	struct idempotent           it;
	struct err                 *e, *unkept;

	TRY(key_owner_of(rq, service->takes_session, &owner));
	TRY(idempotent_of(cx,
	                  &(struct idempotent_request){.function = service->name,
	                                               .scope = owner.scope,
	                                               .is_proven = owner.is_proven,
	                                               .key = key,
	                                               .query = span_of(req_query(rq)),
	                                               .payload = req_body(rq)},
	                  &it));
	it.instance = heartbeat_hold(cx, NULL, it.claim);
	e = idempotency_take(cx, &it, service->deadline_ms + CLEANUP_MS, &replay);
	if (e && e->uncertain)
		heartbeat_doubt_key(it.claim);
	TRY(e);
	if (replay) {
		TRY(key_owner_check(cx, &owner));
		req_set_header(rq, "Idempotency-Replayed", "true");
		reply_bytes(rq, replay->status, replay->content_type, replay->body);
		return service->replay ? service->replay(rq, replay->body) : NULL;
	}
	e = handle(rq);
	unkept = keep_answer(rq, &it, e);
	if (unkept)
		log_err(LOG_ERROR, cx, "idempotency_not_kept", unkept);
	if (unkept && e)
		heartbeat_doubt_key(it.claim);
	return e;
}

/* By it auth-js knows how errors are told: "2024-01-01". */
static void echo_api_version(struct req *rq)
{
	const char *version = req_header(rq, "X-Supabase-Api-Version");

	if (service->errors == ERRORS_AUTH && version && strlen(version) == strlen("2024-01-01") &&
	    strspn(version, "0123456789-") == strlen(version))
		req_set_header(rq, "X-Supabase-Api-Version", version);
}

/* Every request; what remains of one in hand is handle_request(). */
static struct err *greet(struct req *rq, bool *is_done_out)
{
	TRY(origin_check(rq, service->path != NULL));
	echo_api_version(rq);
	*is_done_out = str_equal(req_method(rq), "OPTIONS");
	if (*is_done_out)
		origin_preflight(rq, allowed_methods(rq), service->path != NULL);
	return NULL;
}

static struct err *refuse_request(struct req *rq)
{
	bool is_done;

	TRY(greet(rq, &is_done));
	if (is_done)
		return NULL; /* or the page could not read the answer to what it sends next */
	if (req_refusal(rq) == REFUSAL_SLOW)
		FAIL(req_ctx(rq), ERR_SLOW, "the body did not arrive in time");
	if (req_refusal(rq) == REFUSAL_TOO_MUCH)
		FAIL(req_ctx(rq), ERR_RATE, "too much arrives at once from this client");
	if (req_refusal(rq) == REFUSAL_STOPS)
		FAIL(req_ctx(rq), ERR_UNAVAILABLE, "the program stops before the body is whole");
	FAIL(req_ctx(rq), ERR_UNAVAILABLE, "all threads are at work and the queue is full");
}

static struct err *handle_request(struct req *rq)
{
	const char *key;
	bool        is_done;

	TRY(greet(rq, &is_done));
	if (is_done)
		return NULL;
	if (is_health_check(rq))
		return health(rq);
	TRY(check_method(rq));
	TRY(check_key(rq));
	if (service->small_max)
		TRY(req_take_room(rq, service->small_max));
	TRY(req_read_body(rq, service->body_max, bodies_folder));
	key = service->is_idempotent ? req_header(rq, "Idempotency-Key") : NULL;
	return key ? handle_once(rq, key) : handle(rq);
}

static void tell_whole(struct req *rq, const struct err *e, uint64_t start_ms)
{
	const struct stage_fact facts[] = {
		STAGE_INT("http.response.status_code", req_reply(rq).status),
		STAGE_TEXT("error.type", e ? err_code(e->kind) : NULL),
	};

	stage_tell_whole(req_ctx(rq), service->name, start_ms, e && err_status(e) >= 500, facts,
	                 e ? COUNT(facts) : 1);
}

static void log_request(struct req *rq, const struct err *e, uint64_t start_ms)
{
	struct ctx  *cx = req_ctx(rq);
	struct reply reply = req_reply(rq);
	bool         is_ours = e && err_status(e) >= 500;

	if (is_health_check(rq) && !e)
		return;
	if (is_ours && e->kind != ERR_CANCELLED)
		error_count_add("request_failed", err_code(e->kind), e->where, cx->trace.id);
	if (is_ours)
		log_err(e->kind == ERR_CANCELLED ? LOG_INFO : LOG_WARN, cx, "request_failed", e);
	tell_whole(rq, e, start_ms);
	LOG(LOG_INFO, cx, "request", F_STR("method", req_method(rq)), F_INT("status", reply.status),
	    F_STR("code", e ? err_word(e) : NULL), F_STR("field", e ? e->field : NULL),
	    F_INT("ms", clock_mono_ms() - start_ms), F_INT("db_ms", cx->cost.db_ms),
	    F_INT("upstream_ms", cx->cost.upstream_ms), F_INT("embed_ms", cx->cost.embed_ms),
	    F_INT("decode_ms", cx->cost.decode_ms), F_INT("bytes_in", req_body(rq).len),
	    F_INT("bytes_out", req_bytes_out(rq)), F_INT("arena_bytes", arena_used(cx->arena)));
}

/* One arena per thread, kept warm between its requests. */
static _Thread_local struct arena *thread_arena;

static void tell_error(struct req *rq, const struct err *e)
{
	reply_error(rq, e, service->errors);
	if (service->excuse && !is_health_check(rq))
		service->excuse(rq, e);
}

static void answer(struct req *rq, const struct err *e)
{
	if (e && req_is_sent(rq))
		sse_fail(rq, e); /* a stream: the only reply that leaves before its handler is done */
	else if (e && err_status(e) >= 500 && is_health_check(rq) && !req_is_inside(rq))
		reply_down(rq);
	else if (e)
		tell_error(rq, e);
	if (!req_is_sent(rq))
		req_send(rq);
}

/* Its time runs from its arrival, also while it waits for a thread. */
static void serve_one(struct transport *t, struct err *(*story)(struct req *rq))
{
	struct ctx  cx = {.deadline = {t->since_ms + service->deadline_ms}, .cancel = t->cancel};
	struct req *rq;
	struct err *e;

	counting_begin(t->since_ms);
	if (!thread_arena)
		thread_arena = arena_new(ARENA_BYTES);
	cx.arena = thread_arena;
	rq = req_new(&cx, t);
	cx.client = address_key(span_of(req_client_ip(rq)));
	cx.is_crowd = t->is_crowd;
	e = story(rq);
	answer(rq, e);
	log_request(rq, e, t->since_ms);
	counting_end(rq, t->since_ms);
	req_finish(rq, AFTER_MS);
	arena_reset(cx.arena);
}

static void serve_handled(struct transport *t)
{
	serve_one(t, handle_request);
}

static void serve_refused(struct transport *t)
{
	serve_one(t, refuse_request);
}

static void release_thread(void)
{
	arena_free(&thread_arena);
}

/* ---- the process ---- */

static int check_user(void)
{
	if (geteuid() != 0 || user_named(values.user))
		return 0;
	fprintf(stderr, "SCRIBE_USER: there is no user %s; scripts/setup makes the usual one\n",
	        values.user);
	return 1;
}

/* Root's part was to read what may be root's alone: settings, keys, models. Nothing that came from
 * outside was looked at yet. */
static void leave_root(void)
{
	const struct passwd *user = geteuid() == 0 ? user_named(values.user) : NULL;

	if (user && user->pw_uid != 0)
		user_become(user);
}

static int start_engines(void)
{
	int problems = check_user();

	counting_start(values.metrics_file, service->name);
	problems += service->start ? service->start() : 0;
	assert(service->engines || service->chains_n == 0);
	problems += vault_start();
	breaker_share(values.breaker_file);
	if (service->engines)
		problems += service->engines->start(service->chains, service->chains_n);
	problems += health_start(&(struct health_of){.name = service->name,
	                                             .engines = service->engines,
	                                             .chains = service->chains,
	                                             .chains_n = service->chains_n});
	return problems;
}

static void stop_engines(void)
{
	if (service->engines)
		service->engines->stop(service->chains, service->chains_n);
	if (service->stop)
		service->stop();
}

/* Large requests come and go: their memory goes back to the system, and threads share heaps. */
static void tame_malloc(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

static unsigned threads_n(void)
{
	return values.threads ? (unsigned)values.threads : service->threads;
}

static unsigned client_max(void)
{
	return values.client_max ? (unsigned)values.client_max : service->client_max;
}

static int serve_with_jobs(void)
{
	struct serving how = {.threads = threads_n(),
	                      .queue_max = (unsigned)values.queue_max,
	                      .client_max = client_max(),
	                      .limit_ms = service->deadline_ms + GIVE_UP_MS,
	                      .arrive_ms = (unsigned)values.body_ms,
	                      .bytes_max = service->body_max * (size_t)values.bodies,
	                      .folder = bodies_folder,
	                      .handle = serve_handled,
	                      .refuse = serve_refused,
	                      .end = release_thread};
	int            status;

	if (service->engines)
		service->engines->warm(service->chains, service->chains_n);
	workers_start(service->jobs, service->jobs_n, false);
	status = serve_fastcgi(&how);
	workers_stop();
	return status;
}

/* Only on a socket: nothing of it can be a single request. */
static int serve_in_its_way(void)
{
	if (serve_has_socket())
		return service->serve();
	fprintf(stderr, "%s: descriptor 0 is no listening socket\n", service->name);
	return 1;
}

static int work_jobs_only(void)
{
	workers_start(service->jobs, service->jobs_n, true);
	serve_wait_for_stop();
	workers_stop();
	return 0;
}

static int serve(enum service_option option)
{
	int status;

	leave_root();
	bodies_folder = service->bodies_folder ? service->bodies_folder() : NULL;
	if (service->serves_people)
		db_start_for_people(service->name);
	else
		db_start(service->name);
	heartbeat_start(service->name);
	bookkeeping_start();
	if (service->open)
		service->open();
	if (option == OPTION_JOBS_ONLY)
		status = work_jobs_only();
	else if (service->serve)
		status = serve_in_its_way();
	else
		status = serve_has_socket() ? serve_with_jobs() : serve_cgi(serve_handled, release_thread);
	if (service->close)
		service->close();
	heartbeat_stop();
	bookkeeping_stop();
	progress_end_all();
	db_stop();
	return status;
}

/* Reads the settings, and serves or tells what was asked for. */
static int run(enum service_option option, const struct settings *settings)
{
	int problems, status = 0;

	if (option == OPTION_HELP)
		return options_help(service, settings->groups, settings->n);
	problems = cfg_load_file() + cfg_load(settings->groups, settings->n);
	if (option == OPTION_SHOW_CONFIG)
		return options_show(service, threads_n(), client_max(), settings->groups, settings->n);
	log_setup(service->name, values.is_verbose ? LOG_DEBUG : LOG_INFO);
	if (service->engines)
		problems += service->engines->check(service->chains, service->chains_n);
	problems += cfg_check_secrets(settings->groups, settings->n);
	problems += problems ? 0 : start_engines();
	if (problems)
		status = options_complain(service, problems);
	else if (option != OPTION_CHECK_CONFIG)
		status = serve(option);
	stop_engines();
	metrics_stop();
	return status;
}

int service_main(int argc, char **argv, const struct service *the_service)
{
	struct arena       *arena;
	struct settings     settings;
	enum service_option option;
	int                 status;

	service = the_service;
	serve_block_signals();
	tame_malloc();
	crypto_start();
	json_start();
	log_setup(service->name, LOG_INFO);
	if (!service_option(argc, argv, service, &option))
		return OPTIONS_WRONG;
	arena = arena_new(4096);
	settings = service_settings(arena, service, &own_settings);
	status = run(option, &settings);
	arena_free(&arena);
	return status;
}
