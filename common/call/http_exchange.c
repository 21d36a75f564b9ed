/* http_exchange.c -- a call as libcurl wants it, and its answer on the way to the caller.
 *
 * The answer goes into a body, or piece by piece into a queue with a bound: over
 * it the transfer is paused until the caller has caught up. The caller reads
 * one batch while the loop fills the other. */
#include "http_exchange.h"

#include "../base/crypto.h"
#include "../base/fatal.h"
#include "http_admission.h"
#include "http_loop.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>

#define ARENA_BYTES    2048u
#define REPLY_DEFAULT  ((size_t)1 << 20)
#define ERROR_BODY_MAX ((size_t)64 << 10)
#define QUEUE_MAX      ((size_t)64 << 10)  /* more and the transfer pauses */
#define QUEUE_SLACK    ((size_t)256 << 10) /* what one read of libcurl's adds at most */
#define WARM_MS        5000u
#define KEEP_SECONDS   60L
/* A peer that acknowledges nothing for so long is gone, and its connection with it. */
#define SILENT_PEER_MS 4000u

_Static_assert(HTTP_WANT_MAX < QUEUE_MAX, "what is wanted has room in the queue");

/* ---- lifetime ---- */

struct exchange *exchange_hold(struct exchange *x)
{
	atomic_fetch_add(&x->refs, 1);
	return x;
}

void exchange_release(struct exchange *x)
{
	struct arena *a = x->arena;

	if (atomic_fetch_sub(&x->refs, 1) > 1)
		return;
	assert(!x->easy);
	pthread_mutex_destroy(&x->news.lock);
	arena_free(&a); /* and with it *x */
}

void exchange_disarm(struct exchange *x)
{
	curl_easy_cleanup(x->easy);
	curl_mime_free(x->mime);
	curl_slist_free_all(x->headers);
	x->easy = NULL;
}

/* ---- the queue ---- */

/* A piece stands in the queue behind this and the NUL-terminated name, a NUL behind it. */
struct frame {
	uint64_t at_ms;
	uint32_t name_bytes; /* with the NUL; 0: no event */
	uint32_t len;
};

static void tell(struct exchange *x, uint64_t now)
{
	x->is_news = true;
	x->told_at_ms = now;
}

static void enqueue(const struct http_piece *piece, void *to)
{
	struct exchange *x = to;
	struct frame     frame = {.at_ms = clock_mono_ms(), .len = (uint32_t)piece->data.len};
	bool             is_urgent;

	if (piece->event)
		frame.name_bytes = (uint32_t)strlen(piece->event) + 1;
	buf_add(&x->queue, (const char *)&frame, sizeof(frame));
	buf_add(&x->queue, piece->event, frame.name_bytes);
	buf_add(&x->queue, piece->data.ptr, piece->data.len);
	buf_char(&x->queue, '\0');
	x->wanted -= piece->data.len < x->wanted ? piece->data.len : x->wanted;
	if (x->wanted)
		return;
	is_urgent = !x->is_urgent || x->is_urgent(piece);
	if (is_urgent || x->was_urgent || frame.at_ms - x->told_at_ms >= TELL_MS)
		tell(x, frame.at_ms);
	else
		loop_tell_later(x);
	x->was_urgent = is_urgent;
}

static void read_frame(struct exchange *x, struct http_piece *out, uint64_t *at_ms_out)
{
	const char  *at = x->batch.ptr + x->batch_at;
	struct frame frame;

	memcpy(&frame, at, sizeof(frame));
	at += sizeof(frame);
	*out = (struct http_piece){frame.name_bytes ? at : NULL, {at + frame.name_bytes, frame.len}};
	*at_ms_out = frame.at_ms;
	x->batch_at += sizeof(frame) + frame.name_bytes + frame.len + 1;
}

bool exchange_take(struct exchange *x, struct http_piece *out, uint64_t *at_ms_out,
                   bool *resume_out)
{
	struct buf emptied = x->batch;

	*resume_out = false;
	if (x->batch_at == x->batch.len) {
		emptied.len = 0;
		x->batch = x->queue;
		x->queue = emptied;
		x->batch_at = 0;
		*resume_out = x->is_paused;
		x->is_paused = false;
	}
	if (x->batch.len == 0)
		return false;
	read_frame(x, out, at_ms_out);
	return true;
}

/* ---- what libcurl calls, in the loop ---- */

static const char *header_of(CURL *easy, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

void exchange_look(struct exchange *x)
{
	long        status = 0, version = 0;
	const char *type = NULL;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!status || x->status == status)
		return;
	curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
	admission_answered(x, version >= CURL_HTTP_VERSION_2_0);
	curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
	x->status = (int)status;
	x->content_type = arena_strdup(x->arena, type ? type : "");
	x->retry_after_ms = http_retry_after_ms(header_of(x->easy, "retry-after-ms"),
	                                        header_of(x->easy, "retry-after"), clock_unix_ms());
}

/* The wait for the first piece has become one for the next. */
static void note_arrival(struct exchange *x)
{
	x->last_at_ms = clock_mono_ms();
	if (x->first_at_ms)
		return;
	x->first_at_ms = x->last_at_ms;
	tell(x, x->last_at_ms);
}

/* Of an error answer the beginning is enough to know what is wrong. */
static bool take_error_body(struct exchange *x, struct span bytes)
{
	size_t room = ERROR_BODY_MAX - x->body.len;

	x->is_full = bytes.len > room;
	buf_add(&x->body, bytes.ptr, x->is_full ? room : bytes.len);
	return !x->is_full;
}

static bool take(struct exchange *x, struct span bytes)
{
	if (x->status / 100 != 2)
		return take_error_body(x, bytes);
	x->streamed_n += bytes.len;
	x->is_too_large = x->streamed_n > x->reply_max;
	if (x->is_too_large)
		return false;
	if (!x->has_receiver) {
		buf_add(&x->body, bytes.ptr, bytes.len);
		return true;
	}
	x->is_event_too_large = !http_split_feed(&x->split, bytes) || x->queue.is_full;
	return !x->is_event_too_large;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
	struct exchange *x = data;
	size_t           taken = one * n;
	bool             is_news;

	monitor_lock(&x->news);
	exchange_look(x);
	x->is_paused = x->queue.len > QUEUE_MAX;
	if (x->is_paused) {
		taken = CURL_WRITEFUNC_PAUSE;
		x->is_news = true; /* in crumbs it is full before all that is wanted came */
	} else {
		note_arrival(x);
		taken = take(x, (struct span){bytes, taken}) ? taken : 0;
	}
	is_news = x->is_news;
	x->is_news = false;
	monitor_unlock(&x->news);
	if (is_news)
		monitor_tell(&x->news);
	return taken;
}

/* A stream is to be had, and nothing is sent yet. */
static int on_connected(void *data, char *address, char *local_address, int port, int local_port)
{
	struct exchange *x = data;
	long             made_n = 0;

	(void)address;
	(void)local_address;
	(void)port;
	curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &made_n);
	admission_connected(x, made_n > 0);
	loop_connected(x);
	monitor_lock(&x->news);
	x->is_connected = true;
	x->is_reused = made_n == 0;
	x->local_port = local_port;
	x->sends++;
	monitor_unlock(&x->news);
	return x->is_warming ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* A kept connection whose other end is gone without a word would swallow every stream. */
static int on_socket(void *data, curl_socket_t fd, curlsocktype type)
{
	const struct exchange *x = data;
	unsigned               ms = SILENT_PEER_MS;

	(void)type;
	if (x->limits.connect_ms > ms)
		ms = x->limits.connect_ms;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)); /* else it takes minutes */
	return CURL_SOCKOPT_OK;
}

/* ---- making one ---- */

static curl_mime *mime_of(CURL *easy, const struct http_call *call)
{
	curl_mime *mime = curl_mime_init(easy);

	for (size_t i = 0; i < call->parts_n; i++) {
		const struct http_part *p = &call->parts[i];
		curl_mimepart          *part = curl_mime_addpart(mime);

		curl_mime_name(part, p->name);
		if (p->filename)
			curl_mime_filename(part, p->filename);
		if (p->content_type)
			curl_mime_type(part, p->content_type);
		curl_mime_data(part, p->content.ptr ? p->content.ptr : "", p->content.len);
	}
	return mime;
}

/* S3 wants it said, and libcurl 7.88 signs it only where it is. */
static struct curl_slist *add_body_hash(struct curl_slist *list, struct arena *a, struct span body)
{
	unsigned char hash[CRYPTO_HASH_BYTES];
	struct buf    hex = buf_new(a, 2 * sizeof(hash) + 1);

	crypto_sha256(body, hash);
	buf_hex(&hex, hash, sizeof(hash));
	return curl_slist_append(list, arena_printf(a, "x-amz-content-sha256: %s", buf_text(&hex)));
}

static struct curl_slist *headers_of(struct arena *a, const struct http_call *call,
                                     const struct trace *trace)
{
	char traceparent[sizeof("traceparent: ") + TRACE_PARENT_MAX];
	/* Without this libcurl asks leave for a large body and waits a second for it. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (const char *const *h = call->headers; h && *h; h++)
		list = curl_slist_append(list, *h);
	if (call->signer)
		list = add_body_hash(list, a, call->body);
	trace_header(trace, traceparent);
	if (*traceparent)
		list = curl_slist_append(list, traceparent);
	return list;
}

static void set_body(struct exchange *x, const struct http_call *call)
{
	bool has_body = call->body.len || call->parts_n || str_equal(call->method, "POST");

	if (call->parts_n) {
		x->mime = mime_of(x->easy, call);
		curl_easy_setopt(x->easy, CURLOPT_MIMEPOST, x->mime);
	} else if (has_body) {
		curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
		curl_easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, call->body.ptr ? call->body.ptr : "");
	}
	if (call->method && !str_equal(call->method, has_body ? "POST" : "GET"))
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, call->method);
}

/* How it connects, and to whom it may. */
static void set_connection(struct exchange *x, const char *url, long connect_ms)
{
	bool  has_tls = span_starts_nocase(span_of(url), SPAN("https:"));
	CURL *easy = x->easy;

	/* Over TLS a call waits for a connection that is being made and shares it. Without, libcurl
	 * would wait for a whole answer to learn that it can not. One that must not be
	 * repeated shares nothing: libcurl repeats by itself what a shared one lost. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	                 has_tls && !x->is_once ? (long)CURL_HTTP_VERSION_2TLS
	                                        : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, x->is_once ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, x->is_once ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, KEEP_SECONDS);
	/* Of several addresses each gets its part of it: a dead one must not hide the next. */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	/* A name that does not resolve is left to its own thread, not waited for. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, x);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (loop_ca())
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, loop_ca());
	/* http_proxy in an environment must not see keys and what people said. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static void set_options(struct exchange *x, const char *url)
{
	CURL *easy = x->easy;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scribe");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->problem);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
}

static void set_signature(struct exchange *x, const struct http_signer *signer)
{
	const char *how = arena_printf(x->arena, "aws:amz:%s:s3", signer->region);

	curl_easy_setopt(x->easy, CURLOPT_AWS_SIGV4, how);
	curl_easy_setopt(x->easy, CURLOPT_USERNAME, signer->key_id);
	curl_easy_setopt(x->easy, CURLOPT_PASSWORD, signer->secret);
}

static struct exchange *new_exchange(void)
{
	struct arena    *a = arena_new(ARENA_BYTES);
	struct exchange *x = NEW(a, struct exchange);

	x->arena = a;
	x->news = (struct monitor)MONITOR;
	x->content_type = "";
	x->easy = curl_easy_init();
	if (!x->easy)
		fatal("libcurl gives no handle");
	atomic_store(&x->refs, 1);
	return x;
}

static unsigned sooner(unsigned a, unsigned b)
{
	return a && a < b ? a : b;
}

struct exchange *exchange_new(const struct http_call *call, const struct trace *trace,
                              unsigned left_ms)
{
	struct exchange *x = new_exchange();
	unsigned         connect_ms = sooner(call->limits.connect_ms, left_ms);

	x->origin_key = call->is_once ? NULL : admission_origin(x->arena, call->url);
	x->limits = call->limits;
	x->is_once = call->is_once;
	x->has_receiver = call->on_data != NULL;
	x->is_urgent = call->is_urgent;
	x->on_data = call->on_data;
	x->data = call->data;
	x->reply_max = call->reply_max ? call->reply_max : REPLY_DEFAULT;
	x->body = buf_new(x->arena, x->reply_max > ERROR_BODY_MAX ? x->reply_max : ERROR_BODY_MAX);
	x->queue = x->batch = buf_new(x->arena, QUEUE_MAX + QUEUE_SLACK + call->event_max);
	x->split = http_split(x->arena, call->event_max, enqueue, x);
	x->headers = headers_of(x->arena, call, trace);
	set_options(x, call->url);
	set_connection(x, call->url, connect_ms ? (long)connect_ms : 1L);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	set_body(x, call);
	if (call->signer)
		set_signature(x, call->signer);
	return x;
}

struct exchange *exchange_new_warming(const char *url)
{
	struct exchange *x = new_exchange();

	x->is_warming = true;
	x->origin_key = admission_origin(x->arena, url);
	set_options(x, url);
	set_connection(x, url, WARM_MS);
	return x;
}
