/* http_loop.c -- one libcurl multi, driven by events.
 *
 * A turn sleeps until a socket, a time or a caller wakes it (a second at most, for its heartbeat),
 * lets libcurl move what can move, takes up what callers wish, ends what is done and tells
 * those who have news.
 *
 * Connections belong to the multi. One unused for a minute is closed when the next
 * call looks for one; when a minute passed without any call, the multi is
 * replaced, and all of its connections go. Looked-up names and TLS sessions lie
 * in a share of their own, and stay. */
#include "http_loop.h"

#include "../base/fatal.h"
#include "../base/metrics.h"
#include "../base/thread.h"
#include "http_admission.h"
#include "http_sockets.h"

#include <signal.h>

#define TURN_MS   1000u /* the longest sleep */
#define DEAD_MS   3000u /* without a turn */
#define KEEP_MS   60000u
#define BROKEN_N  8u
#define BROKEN_MS 500u /* within which the streams of a broken connection end */
#define CA_BYTES  ((size_t)1 << 20)
#define STREAMS   1000L /* on one connection, if the server allows it */

/* Certificates are read and signatures checked here; sanitizers widen every frame. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_BYTES ((size_t)4 << 20)
#else
#define STACK_BYTES ((size_t)512 << 10)
#endif

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

/* A connection that broke, known by its port here, and that somebody was told of. */
struct broken {
	int      local_port;
	uint64_t at_ms;
};

static struct {
	pthread_mutex_t  lock; /* guards what follows, until the mark */
	struct exchange *first_wishing, *last_wishing;
	bool             is_running, must_stop;
	pthread_t        thread;

	/* The loop's own. */
	CURLM           *multi;
	CURLSH          *share;
	struct exchange *under_way;
	unsigned         connecting_n;
	struct exchange *first_due, *last_due;
	struct broken    broken[BROKEN_N];
	unsigned         broken_at;
	uint64_t         used_at_ms; /* 0: not since the multi was made */

	_Atomic uint64_t beat_at_ms; /* 0: it does not run */
} loop = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- certificates ---- */

static struct curl_blob ca = {.flags = CURL_BLOB_NOCOPY};

struct curl_blob *loop_ca(void)
{
	return ca.len ? &ca : NULL;
}

/* False: it can not be read, is empty or too long. */
static bool read_ca(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	if (!ca.data)
		ca.data = malloc(CA_BYTES);
	if (!ca.data)
		fatal("out of memory: no certificates");
	ca.len = fread(ca.data, 1, CA_BYTES, file);
	fclose(file);
	return ca.len && ca.len < CA_BYTES;
}

/* ---- telling callers ---- */

void loop_tell_later(struct exchange *x)
{
	if (x->is_due)
		return;
	exchange_hold(x);
	x->is_due = true;
	x->due_at_ms = clock_mono_ms() + TELL_MS;
	x->next_due = NULL;
	if (loop.last_due)
		loop.last_due->next_due = x;
	else
		loop.first_due = x;
	loop.last_due = x;
}

static void note_connecting(struct exchange *x, bool is_connecting)
{
	loop.connecting_n += (unsigned)is_connecting - (unsigned)x->is_connecting;
	x->is_connecting = is_connecting;
}

void loop_connected(struct exchange *x)
{
	note_connecting(x, false);
}

static void ask_for_stream(struct exchange *x)
{
	note_connecting(x, true);
	if (admission_enter(x))
		curl_multi_add_handle(loop.multi, x->easy);
}

static void admit(void)
{
	for (struct exchange *x; (x = admission_next());)
		curl_multi_add_handle(loop.multi, x->easy);
}

/* Those who entered first are due first. */
static void tell_due(bool is_last_turn)
{
	uint64_t now = clock_mono_ms();

	while (loop.first_due && (is_last_turn || loop.first_due->due_at_ms <= now)) {
		struct exchange *x = loop.first_due;
		bool             is_news;

		loop.first_due = x->next_due;
		if (!loop.first_due)
			loop.last_due = NULL;
		monitor_lock(&x->news);
		x->is_due = false;
		is_news = x->queue.len > 0;
		x->told_at_ms = clock_mono_ms();
		monitor_unlock(&x->news);
		if (is_news)
			monitor_tell(&x->news);
		if (x->must_repeat && x->easy)
			ask_for_stream(x);
		x->must_repeat = false;
		exchange_release(x);
	}
}

/* ---- ends ---- */

/* The first one to ask about this connection is told no. */
static bool was_told(int local_port)
{
	uint64_t now = clock_mono_ms();

	for (size_t i = 0; i < BROKEN_N; i++)
		if (loop.broken[i].local_port == local_port && now - loop.broken[i].at_ms < BROKEN_MS)
			return true;
	loop.broken[loop.broken_at++ % BROKEN_N] = (struct broken){local_port, now};
	return false;
}

static void leave_multi(struct exchange *x)
{
	curl_multi_remove_handle(loop.multi, x->easy);
	note_connecting(x, false);
	*x->link = x->next;
	if (x->next)
		x->next->link = x->link;
	loop.used_at_ms = clock_mono_ms();
}

/* Told or dropped, the exchange is no longer the loop's. */
static void end(struct exchange *x, enum ending ending)
{
	bool is_shared = x->local_port && !x->is_warming;

	leave_multi(x);
	monitor_lock(&x->news);
	exchange_look(x);
	admission_leave(x, !x->is_dropped);
	x->ending = ending;
	x->is_told = ending == ENDED_BROKEN && is_shared && !x->is_dropped && was_told(x->local_port);
	x->done_at_ms = clock_mono_ms();
	exchange_disarm(x);
	x->is_done = true;
	monitor_tell(&x->news);
	monitor_unlock(&x->news);
	exchange_release(x);
}

static long status_of(const struct exchange *x)
{
	long status = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* To the one of its streams that reads the end of a connection libcurl says that all is well. */
static enum ending ending_of(const struct exchange *x, CURLcode result)
{
	if (result == CURLE_OK && !status_of(x))
		return ENDED_BROKEN;
	switch (result) {
	case CURLE_OK:
		return ENDED_WELL;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return ENDED_BROKEN;
	case CURLE_OPERATION_TIMEDOUT:
		return ENDED_UNCONNECTED;
	default:
		return ENDED_BADLY;
	}
}

/* Not a byte of an answer came, so that nothing is known to have begun. */
static bool may_repeat(struct exchange *x, enum ending ending)
{
	return ending == ENDED_BROKEN && !status_of(x) && !x->is_once && x->sends < 2 && !x->is_warming;
}

/* A moment later: while other streams hold on to the broken connection, libcurl would take it. */
static void repeat(struct exchange *x)
{
	curl_multi_remove_handle(loop.multi, x->easy);
	admission_leave(x, false);
	x->must_repeat = true;
	metrics_add(METRIC_repeats, ALONE, 1);
	loop_tell_later(x);
}

static void enter_multi(struct exchange *x)
{
	curl_easy_setopt(x->easy, CURLOPT_SHARE, loop.share);
	ask_for_stream(x);
	x->next = loop.under_way;
	x->link = &loop.under_way;
	if (x->next)
		x->next->link = &x->next;
	loop.under_way = x;
	loop.used_at_ms = clock_mono_ms();
}

static void end_finished(void)
{
	int left;

	for (CURLMsg *m; (m = curl_multi_info_read(loop.multi, &left));) {
		CURLcode         result = m->data.result;
		struct exchange *x = NULL;
		enum ending      ending;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
		ending = ending_of(x, result);
		if (may_repeat(x, ending))
			repeat(x);
		else
			end(x, ending);
	}
}

/* ---- wishes ---- */

static struct exchange *next_wishing(unsigned *wishes_out)
{
	struct exchange *x;

	pthread_mutex_lock(&loop.lock);
	x = loop.first_wishing;
	if (x) {
		loop.first_wishing = x->next_wishing;
		if (!loop.first_wishing)
			loop.last_wishing = NULL;
		x->is_wishing = false;
		*wishes_out = x->wishes;
		x->wishes = 0;
	}
	pthread_mutex_unlock(&loop.lock);
	return x;
}

static void fulfil(struct exchange *x, unsigned wishes)
{
	if (wishes & WISH_BEGIN) {
		exchange_hold(x);
		enter_multi(x);
	}
	if (!x->easy)
		return;
	if (wishes & WISH_DROP)
		end(x, ENDED_BADLY);
	else if (wishes & WISH_RESUME)
		curl_easy_pause(x->easy, CURLPAUSE_CONT);
}

static void take_wishes(void)
{
	struct exchange *x;
	unsigned         wishes;

	while ((x = next_wishing(&wishes))) {
		fulfil(x, wishes);
		exchange_release(x);
	}
}

/* ---- turns ---- */

static CURLM *new_multi(void)
{
	CURLM *multi = curl_multi_init();

	if (!multi)
		fatal("libcurl gives no multi handle");
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)settings.idle_max);
	sockets_serve(multi);
	return multi;
}

static void let_go_idle(void)
{
	if (loop.under_way || !loop.used_at_ms || clock_mono_ms() - loop.used_at_ms < KEEP_MS)
		return;
	curl_multi_cleanup(loop.multi);
	loop.multi = new_multi();
	loop.used_at_ms = 0;
}

static bool must_stop(void)
{
	bool must;

	pthread_mutex_lock(&loop.lock);
	must = loop.must_stop;
	pthread_mutex_unlock(&loop.lock);
	return must;
}

static unsigned sleep_ms(bool is_last_turn)
{
	if (is_last_turn)
		return 0;
	if (!loop.first_due)
		return admission_sleep_ms(TURN_MS);
	return deadline_left_ms((struct deadline){loop.first_due->due_at_ms});
}

static void *run(void *unused)
{
	bool is_last_turn = false;

	(void)unused;
	while (!is_last_turn) {
		is_last_turn = must_stop();
		atomic_store(&loop.beat_at_ms, clock_mono_ms());
		sockets_wait(loop.multi, sleep_ms(is_last_turn), loop.connecting_n > 0);
		take_wishes();
		end_finished();
		tell_due(is_last_turn);
		admit();
		let_go_idle();
	}
	while (loop.under_way)
		end(loop.under_way, ENDED_BADLY);
	return NULL;
}

/* ---- for callers ---- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

/* With the first call, not at the start: OpenSSL's tables cost an idle program 2 MB,
 * and one without keys never calls. */
static void start_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		fatal("libcurl does not start");
}

void loop_ready(void)
{
	pthread_once(&curl_once, start_curl);
}

static CURLSH *new_share(void)
{
	CURLSH *share = curl_share_init();

	if (!share)
		fatal("libcurl gives no share");
	/* Used by the loop's thread only, so it needs no locks. */
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return share;
}

/* With the lock held. Signals are for the threads that expect them: none is delivered here. */
static void start_thread(void)
{
	sockets_open();
	loop.multi = new_multi();
	loop.share = new_share();
	loop.must_stop = false;
	loop.used_at_ms = 0;
	atomic_store(&loop.beat_at_ms, clock_mono_ms());
	if (thread_start_for_all(&loop.thread, STACK_BYTES, run, NULL) != 0)
		fatal("no thread for outside calls");
	loop.is_running = true;
}

void loop_wish(struct exchange *x, enum wish wish)
{
	pthread_mutex_lock(&loop.lock);
	if (!loop.is_running)
		start_thread();
	x->wishes |= wish;
	if (!x->is_wishing) {
		bool is_first = !loop.first_wishing;

		x->is_wishing = true;
		x->next_wishing = NULL;
		*(is_first ? &loop.first_wishing : &loop.last_wishing->next_wishing) = x;
		loop.last_wishing = x;
		exchange_hold(x);
		if (is_first)
			sockets_wake();
	}
	pthread_mutex_unlock(&loop.lock);
}

bool http_is_beating(void)
{
	uint64_t beat = atomic_load(&loop.beat_at_ms);

	return !beat || clock_mono_ms() < beat + DEAD_MS;
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
	if (settings.ca_file && !read_ca(settings.ca_file)) {
		fprintf(stderr, "SCRIBE_CA_FILE: the file can not be read\n");
		problems++;
	}
	return problems;
}

void http_stop(void)
{
	if (!loop.is_running)
		return;
	pthread_mutex_lock(&loop.lock);
	loop.must_stop = true;
	sockets_wake();
	pthread_mutex_unlock(&loop.lock);
	pthread_join(loop.thread, NULL);
	curl_multi_cleanup(loop.multi);
	curl_share_cleanup(loop.share);
	sockets_close();
	loop.is_running = false;
	atomic_store(&loop.beat_at_ms, 0);
}
