/* http_client.c -- one blocking call over libcurl's multi interface.
 *
 * A handle is a curl multi with one easy handle: the multi owns the
 * connections and looked-up names. One thread drives it at a time, in a loop
 * of its own, so limits and cancellation are exact and no libcurl timer is
 * relied on. Idle handles wait in a list, newest in front, each remembering the
 * origin it last spoke to: a call takes the newest that knows its origin.
 * (Handles kept by threads would be cold: the kernel wakes waiting threads in
 * turn.) libcurl itself repeats a request once when a kept connection turns
 * out to be closed before a byte of answer, as browsers do. */
#include "http_client.h"

#include "../base/fatal.h"
#include "../base/str.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define ORIGIN_BYTES   256u
#define REPLY_DEFAULT  ((size_t)1 << 20)
#define ERROR_BODY_MAX ((size_t)64 << 10)
#define LAST_WAIT_MS   20u
#define RETRY_MAX_MS   3600000u

static struct settings {
	const char *ca_file;
	int64_t     idle_max;
} settings;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(settings, ca_file, "SCRIBE_CA_FILE",
                .help = "certificates to trust instead of the system's, for private servers"),
	CFG_KEY_INT(settings, idle_max, "HTTP_IDLE_MAX", .fallback = "64", .min = 1, .max = 4096,
                .help = "connections to outside services kept warm"),
};
const struct cfg_group http_settings = {"Outside calls", &settings, keys, COUNT(keys)};

struct handle {
	CURLM         *multi;
	CURL          *easy;
	struct handle *older;
	char           origin[ORIGIN_BYTES]; /* "https://host:port" as written in the URL */
};

static struct {
	pthread_mutex_t lock;
	struct handle  *newest; /* idle ones only */
	size_t          n;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* One call on its way. */
struct exchange {
	struct ctx             *cx;
	const struct http_call *call;
	struct http_reply      *out;
	struct handle          *handle;
	struct buf              body;
	uint64_t                began_at_ms, useful_at_ms, last_at_ms; /* 0: not yet */
	size_t                  streamed_n;                            /* bytes handed to on_data */
	bool                    is_stopped, is_too_large;
	char                    problem[CURL_ERROR_SIZE];
};

/* What mime parts are read from, without a copy. */
struct reading {
	struct span content;
	size_t      at;
};

static struct span origin_of(const char *url)
{
	const char *host = strstr(url, "://");
	size_t      n = host ? (size_t)(host + 3 - url) : 0;

	n += strcspn(url + n, "/?#");
	return (struct span){url, n < ORIGIN_BYTES ? n : ORIGIN_BYTES - 1};
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

/* With the first call, not at the start: OpenSSL's tables cost an idle program 2 MB,
 * and one without keys never calls. */
static void start_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		fatal("libcurl does not start");
}

static struct handle *handle_new(void)
{
	struct handle *h = calloc(1, sizeof(*h));

	pthread_once(&curl_once, start_curl);
	if (!h)
		fatal("out of memory: no HTTP handle");
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	if (!h->multi || !h->easy)
		fatal("libcurl gives no handle");
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 2L);
	return h;
}

static void handle_free(struct handle *h)
{
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	free(h);
}

static struct handle *handle_take(const char *url)
{
	struct span     origin = origin_of(url);
	struct handle **at, *h;

	pthread_mutex_lock(&pool.lock);
	for (at = &pool.newest; *at; at = &(*at)->older)
		if (span_equal(span_of((*at)->origin), origin))
			break;
	h = *at;
	if (h) {
		*at = h->older;
		pool.n--;
	}
	pthread_mutex_unlock(&pool.lock);
	if (h)
		return h;
	h = handle_new();
	memcpy(h->origin, origin.ptr, origin.len);
	return h;
}

static void handle_give(struct handle *h)
{
	struct handle **oldest, *surplus = NULL;

	pthread_mutex_lock(&pool.lock);
	h->older = pool.newest;
	pool.newest = h;
	if (++pool.n > (size_t)settings.idle_max) {
		for (oldest = &pool.newest; (*oldest)->older; oldest = &(*oldest)->older)
			;
		surplus = *oldest;
		*oldest = NULL;
		pool.n--;
	}
	pthread_mutex_unlock(&pool.lock);
	if (surplus)
		handle_free(surplus);
}

static int status_of(const struct exchange *x)
{
	long status = 0;

	curl_easy_getinfo(x->handle->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* The head of the request is on its way, or was: what it asks for may happen. */
static bool is_connected(const struct exchange *x)
{
	curl_off_t us = 0;

	curl_easy_getinfo(x->handle->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0;
}

static void mark_useful(struct exchange *x)
{
	unsigned since_ms;

	x->useful_at_ms = clock_mono_ms();
	since_ms = (unsigned)(x->useful_at_ms - x->began_at_ms);
	if (!x->out->first_ms)
		x->out->first_ms = since_ms ? since_ms : 1;
}

/* Of an error answer the beginning is enough to know what is wrong. */
static size_t take_error_body(struct exchange *x, struct span piece)
{
	size_t room = x->body.max - x->body.len;

	mark_useful(x);
	x->is_stopped = piece.len > room;
	buf_add(&x->body, piece.ptr, x->is_stopped ? room : piece.len);
	return x->is_stopped ? 0 : piece.len;
}

static size_t gather(struct exchange *x, struct span piece)
{
	mark_useful(x);
	buf_add(&x->body, piece.ptr, piece.len);
	x->is_too_large = x->body.is_full;
	return x->is_too_large ? 0 : piece.len;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
	struct exchange  *x = data;
	struct span       piece = {bytes, one * n};
	enum http_verdict verdict;

	if (status_of(x) / 100 != 2) {
		x->body.max = ERROR_BODY_MAX;
		return take_error_body(x, piece);
	}
	if (!x->call->on_data)
		return gather(x, piece);
	if (x->last_at_ms)
		return piece.len;
	x->streamed_n += piece.len;
	x->is_too_large = x->streamed_n > x->body.max;
	if (x->is_too_large)
		return 0;
	verdict = x->call->on_data(piece, x->call->data);
	if (verdict != HTTP_GO_ON)
		mark_useful(x);
	if (verdict == HTTP_LAST)
		x->last_at_ms = clock_mono_ms();
	x->is_stopped = verdict == HTTP_STOP;
	return x->is_stopped ? 0 : piece.len;
}

static size_t read_part(char *to, size_t one, size_t n, void *data)
{
	struct reading *r = data;
	size_t          room = one * n, left = r->content.len - r->at;
	size_t          taken = left < room ? left : room;

	memcpy(to, r->content.ptr + r->at, taken);
	r->at += taken;
	return taken;
}

static int seek_part(void *data, curl_off_t offset, int origin)
{
	struct reading *r = data;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > r->content.len)
		return CURL_SEEKFUNC_FAIL;
	r->at = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static curl_mime *mime_of(struct exchange *x)
{
	curl_mime *mime = curl_mime_init(x->handle->easy);

	for (size_t i = 0; i < x->call->parts_n; i++) {
		const struct http_part *p = &x->call->parts[i];
		curl_mimepart          *part = curl_mime_addpart(mime);
		struct reading         *r = NEW(x->cx->arena, struct reading);

		r->content = p->content;
		curl_mime_name(part, p->name);
		if (p->filename)
			curl_mime_filename(part, p->filename);
		if (p->content_type)
			curl_mime_type(part, p->content_type);
		curl_mime_data_cb(part, (curl_off_t)p->content.len, read_part, seek_part, NULL, r);
	}
	return mime;
}

static struct curl_slist *headers_of(const struct http_call *call)
{
	/* Without this libcurl asks leave for a large body and waits a second for it. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (const char *const *h = call->headers; h && *h; h++)
		list = curl_slist_append(list, *h);
	return list;
}

static void set_body(CURL *easy, const struct http_call *call, curl_mime *mime)
{
	bool has_body = call->body.len || mime || str_equal(call->method, "POST");

	if (mime) {
		curl_easy_setopt(easy, CURLOPT_MIMEPOST, mime);
	} else if (has_body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.ptr ? call->body.ptr : "");
	}
	if (call->method && !str_equal(call->method, has_body ? "POST" : "GET"))
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_options(struct exchange *x)
{
	CURL *easy = x->handle->easy;

	curl_easy_setopt(easy, CURLOPT_URL, x->call->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, x->call->is_once ? 1L : 0L);
	/* http_proxy in an environment must not see keys and what people said. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scribe");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (settings.ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca_file);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A name that does not resolve is left to its own thread, not waited for. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)INT32_MAX); /* ours is the limit */
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->problem);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
}

/* The earliest of the limits that hold now, and its name. */
struct limit {
	uint64_t    at_ms;
	const char *name;
};

static void tighten(struct limit *limit, uint64_t since_ms, unsigned own_ms, const char *name)
{
	if (own_ms && since_ms + own_ms < limit->at_ms)
		*limit = (struct limit){since_ms + own_ms, name};
}

static struct limit next_limit(const struct exchange *x)
{
	const struct http_limits *own = &x->call->limits;
	struct limit              limit = {x->cx->deadline.at_ms, "the deadline"};

	if (!x->cx->is_last_attempt)
		tighten(&limit, x->began_at_ms, own->total_ms, "the limit in all");
	if (own->connect_ms && !is_connected(x))
		tighten(&limit, x->began_at_ms, own->connect_ms, "the limit to connect");
	if (x->useful_at_ms)
		tighten(&limit, x->useful_at_ms, own->idle_ms, "the limit between pieces");
	else if (!x->cx->is_last_attempt)
		tighten(&limit, x->began_at_ms, own->first_ms, "the limit for the first piece");
	return limit;
}

static unsigned wait_ms(const struct exchange *x, struct limit limit, uint64_t now)
{
	uint64_t until = limit.at_ms;
	unsigned wait;

	if (x->last_at_ms && x->last_at_ms + LAST_WAIT_MS < until)
		until = x->last_at_ms + LAST_WAIT_MS;
	if (until <= now)
		return 0;
	wait = until - now > 60000 ? 60000 : (unsigned)(until - now);
	return x->cx->on_lull && wait > x->cx->lull_ms ? x->cx->lull_ms : wait;
}

/* Until libcurl has something to do, the limit, or the cancel. */
static void wait_for_news(struct exchange *x)
{
	struct curl_waitfd on_cancel = {.fd = cancel_fd(x->cx->cancel), .events = CURL_WAIT_POLLIN};
	unsigned           ms = wait_ms(x, next_limit(x), clock_mono_ms());

	curl_multi_poll(x->handle->multi, &on_cancel, on_cancel.fd >= 0, (int)ms, NULL);
	if (x->cx->on_lull)
		x->cx->on_lull(x->cx->lull_data);
}

/* Until libcurl has a result, which is left in *result_out, or a limit passed. */
static struct err *drive(struct exchange *x, CURLcode *result_out)
{
	int running = 1;

	*result_out = CURLE_OK;
	for (;;) {
		uint64_t     now = clock_mono_ms();
		struct limit limit = next_limit(x);

		if (x->last_at_ms && now >= x->last_at_ms + LAST_WAIT_MS)
			return NULL;
		if (ctx_cancelled(x->cx))
			FAIL(x->cx, ERR_CANCELLED, "given up after %llu ms",
			     (unsigned long long)(now - x->began_at_ms));
		if (now >= limit.at_ms)
			FAIL(x->cx, ERR_DEADLINE, "%s passed after %llu ms", limit.name,
			     (unsigned long long)(now - x->began_at_ms));
		if (curl_multi_perform(x->handle->multi, &running) != CURLM_OK)
			FAIL(x->cx, ERR_UPSTREAM, "libcurl can not go on");
		if (!running)
			break;
		wait_for_news(x);
	}
	for (CURLMsg *m; (m = curl_multi_info_read(x->handle->multi, &running));)
		if (m->msg == CURLMSG_DONE)
			*result_out = m->data.result;
	return NULL;
}

static struct err *judge(struct exchange *x, CURLcode result)
{
	if (x->is_too_large)
		FAIL(x->cx, ERR_UPSTREAM, "the answer has more than %zu bytes", x->body.max);
	if (result == CURLE_OK || x->is_stopped || x->last_at_ms)
		return NULL;
	FAIL(x->cx, ERR_UPSTREAM, "%s", x->problem[0] ? x->problem : curl_easy_strerror(result));
}

static const char *header_of(CURL *easy, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

/* What is known of the answer, whether or not it came whole. */
static void fill_reply(struct exchange *x)
{
	CURL       *easy = x->handle->easy;
	const char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	x->out->status = status_of(x);
	x->out->content_type = arena_strdup(x->cx->arena, type ? type : "");
	x->out->body = buf_span(&x->body);
	x->out->retry_after_ms = http_retry_after_ms(header_of(easy, "retry-after-ms"),
	                                             header_of(easy, "retry-after"), clock_unix_ms());
	x->out->took_ms = (unsigned)(clock_mono_ms() - x->began_at_ms);
	x->cx->cost.upstream_ms += x->out->took_ms;
}

static struct err *run(struct exchange *x)
{
	CURL              *easy = x->handle->easy;
	curl_mime         *mime = x->call->parts_n ? mime_of(x) : NULL;
	struct curl_slist *headers = headers_of(x->call);
	CURLcode           result;
	struct err        *e;

	set_options(x);
	set_body(easy, x->call, mime);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_multi_add_handle(x->handle->multi, easy);
	e = drive(x, &result);
	if (!e)
		e = judge(x, result);
	if (e)
		e->uncertain = is_connected(x);
	fill_reply(x);
	curl_multi_remove_handle(x->handle->multi, easy);
	curl_easy_reset(easy);
	curl_mime_free(mime);
	curl_slist_free_all(headers);
	return e;
}

struct err *http_do(struct ctx *cx, const struct http_call *call, struct http_reply *out)
{
	struct exchange x = {.cx = cx, .call = call, .out = out};
	struct err     *e;

	assert(!cx->tx);
	*out = (struct http_reply){.content_type = ""};
	x.body = buf_new(cx->arena, call->reply_max ? call->reply_max : REPLY_DEFAULT);
	x.began_at_ms = clock_mono_ms();
	x.handle = handle_take(call->url);
	e = run(&x);
	handle_give(x.handle);
	return e;
}

unsigned http_retry_after_ms(const char *in_ms, const char *retry_after, int64_t now_unix_ms)
{
	double  value, ms = 0;
	int64_t date;

	if (in_ms && str_to_double(in_ms, &value))
		ms = value;
	else if (retry_after && str_to_double(retry_after, &value))
		ms = value * 1000;
	else if (retry_after && (date = (int64_t)curl_getdate(retry_after, NULL)) > 0)
		ms = (double)(date * 1000 - now_unix_ms);
	if (ms <= 0)
		return 0;
	return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (unsigned)(ms + 0.5);
}

int http_start(void)
{
	const curl_version_info_data *v;
	int                           problems = 0;

	/* With NOSIGNAL libcurl leaves SIGPIPE to us; TLS writes can raise it. */
	signal(SIGPIPE, SIG_IGN);
	v = curl_version_info(CURLVERSION_NOW);
	if (!(v->features & CURL_VERSION_ASYNCHDNS)) {
		fprintf(stderr, "libcurl looks names up without threads: limits would not hold\n");
		problems++;
	}
	if (settings.ca_file && access(settings.ca_file, R_OK) != 0) {
		fprintf(stderr, "SCRIBE_CA_FILE: the file can not be read\n");
		problems++;
	}
	return problems;
}

void http_stop(void)
{
	while (pool.newest) {
		struct handle *h = pool.newest;

		pool.newest = h->older;
		handle_free(h);
	}
	pool.n = 0;
}
