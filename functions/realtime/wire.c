/* wire.c -- WebSockets and a little HTTP, by libwebsockets.
 *
 * One thread runs its loop. Three descriptors are in it that are no clients: the listening socket,
 * which is accepted from here, because it is shared with the process that takes over; a signalfd;
 * and what lws_cancel_service() wakes it by. A timer ticks each second. */
#include "wire.h"

#include "../../common/base/fatal.h"
#include "../../common/base/log.h"
#include "../../common/web/health.h"
#include "../../common/web/keys.h"
#include "../../common/web/serve.h"
#include "calls.h"
#include "channels.h"
#include "clerk.h"
#include "limits.h"
#include "news.h"
#include "sockets.h"

#include <libwebsockets.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define ACCEPTS_MAX   64    /* at once, between two looks at clients */
#define RX_BYTES      1024  /* of each socket, kept */
#define HEADERS_BYTES 16384 /* of one request: an address holds a token */
#define KEY_BYTES     8300  /* with its name before it */
#define SPARE_FDS     128u  /* of the process, beside clients */
#define GIVE_UP_S     5     /* until a socket that is being closed is shut */
#define DRAIN_STEPS   20u
#define DRAIN_STEP_MS 50u
#define DRAIN_MS      6000u
#define RESTART       1012u
#define GOING_AWAY    1001u

_Static_assert(PARCEL_HEAD >= LWS_PRE, "the head of a frame goes before its message");

/* What libwebsockets keeps for us with each client. */
struct client {
	struct socket socket;
	struct call   call;
};

static struct {
	struct lws_context    *context;
	struct lws_vhost      *vhost;
	struct lws            *door; /* the listening socket; NULL: closed */
	lws_sorted_usec_list_t tick;
	uint64_t               stop_ms; /* 0: it serves; else since when it stops */
	uint64_t               ticked_ms;
	int                    signals;
	struct arena          *arena;
} office;

void wire_wake(void)
{
	lws_cancel_service(office.context);
}

static void want_to_write(struct socket *s)
{
	lws_callback_on_writable(s->wire);
}

static void want_to_answer(struct lws *wire)
{
	lws_callback_on_writable(wire);
}

/* Who reads nothing never gets to its close. */
static void give_up(struct socket *s)
{
	lws_set_timeout(s->wire, PENDING_TIMEOUT_USER_OK, GIVE_UP_S);
}

/* ---- sockets ---- */

/* Each argument that is passed over must fit as well. */
static bool version_of(struct lws *wsi, enum phoenix_version *out)
{
	char        room[KEY_BYTES];
	const char *text = lws_get_urlarg_by_name(wsi, "vsn=", room, sizeof(room));

	return phoenix_version(text, out);
}

static bool shows_key(struct lws *wsi)
{
	struct ctx  cx = {.arena = office.arena, .deadline = DEADLINE_NEVER};
	char        room[KEY_BYTES];
	const char *key = lws_get_urlarg_by_name(wsi, "apikey=", room, sizeof(room));
	bool        is_good = key && keys_accept(&cx, key, NULL);

	arena_reset(office.arena);
	return is_good;
}

static bool is_at(struct lws *wsi, enum lws_token_indexes which, const char *path)
{
	char room[256];

	return lws_hdr_copy(wsi, room, sizeof(room), which) > 0 && str_equal(room, path);
}

static const char *custom_header(struct lws *wsi, struct arena *a, const char *name)
{
	int   name_len = (int)strlen(name), len = lws_hdr_custom_length(wsi, name, name_len);
	char *room;

	if (len <= 0 || len > KEY_BYTES)
		return NULL;
	room = arena_alloc(a, (size_t)len + 1);
	return lws_hdr_custom_copy(wsi, room, len + 1, name, name_len) > 0 ? room : NULL;
}

/* A whole answer; false when the client is gone. `json` is copied. */
static bool write_answer(struct lws *wsi, unsigned status, struct arena *a, struct span json)
{
	unsigned char  room[LWS_PRE + 1024];
	unsigned char *start = room + LWS_PRE, *at = start, *end = room + sizeof(room);
	unsigned char *body = arena_alloc_raw(a, LWS_PRE + json.len + 1);

	memcpy(body + LWS_PRE, json.ptr, json.len);
	return !lws_add_http_common_headers(wsi, status, "application/json", json.len, &at, end) &&
	       !lws_finalize_write_http_header(wsi, start, &at, end) &&
	       lws_write(wsi, body + LWS_PRE, json.len, LWS_WRITE_HTTP_FINAL) >= 0;
}

/* Of an upgrade that is refused. */
static int refuse_upgrade(struct lws *wsi, enum err_kind kind)
{
	const char *id = custom_header(wsi, office.arena, "x-request-id:");

	write_answer(wsi, (unsigned)err_http_status(kind), office.arena,
	             call_error(office.arena, kind, NULL, id));
	arena_reset(office.arena);
	return 1;
}

/* What the address says is gone once the connection is a WebSocket. */
static int consider_upgrade(struct lws *wsi, struct client *c)
{
	if (!is_at(wsi, WSI_TOKEN_GET_URI, "/realtime/v1/websocket"))
		return refuse_upgrade(wsi, ERR_NOT_FOUND);
	if (!version_of(wsi, &c->socket.version))
		return refuse_upgrade(wsi, ERR_INPUT);
	if (!shows_key(wsi))
		return refuse_upgrade(wsi, ERR_UNAUTHORIZED);
	return 0;
}

static int established(struct lws *wsi, struct client *c)
{
	c->socket.wire = wsi;
	if (socket_open(&c->socket) && office.stop_ms)
		socket_close(&c->socket, RESTART, "restarting");
	return 0;
}

static int close_socket(struct socket *s)
{
	unsigned char *reason = (unsigned char *)arena_strdup(office.arena, s->close_reason);

	lws_close_reason(s->wire, (enum lws_close_status)s->close_code, reason,
	                 strlen(s->close_reason));
	arena_reset(office.arena);
	return -1;
}

static bool write_parcel(struct socket *s, struct parcel *p)
{
	int written = lws_write(s->wire, (unsigned char *)p->bytes, p->len,
	                        p->is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);

	parcel_drop(p);
	return written >= 0;
}

static int write_socket(struct socket *s)
{
	struct parcel *p = socket_next(s);

	if (!p)
		return s->close_code ? close_socket(s) : 0;
	if (!write_parcel(s, p))
		return -1;
	lws_callback_on_writable(s->wire);
	return 0;
}

/* Who is gone is found out when it is its turn. */
static void write_now(struct socket *s)
{
	bool is_well = true;

	while (is_well && s->outbox.first && !lws_send_pipe_choked(s->wire))
		is_well = write_parcel(s, socket_next(s));
}

/* Of a socket that is being closed all is read, and no more: closed with something unread, it would
 * never hear why. */
static int receive(struct socket *s, struct span piece)
{
	bool is_last = lws_is_final_fragment(s->wire) && lws_remaining_packet_payload(s->wire) == 0;

	socket_take(s, piece, is_last, lws_frame_is_binary(s->wire));
	return 0;
}

/* ---- plain HTTP ---- */

static const char *header(struct lws *wsi, struct arena *a, int len, enum lws_token_indexes which)
{
	char *room;

	if (len <= 0 || len > KEY_BYTES)
		return NULL;
	room = arena_alloc(a, (size_t)len + 1);
	return lws_hdr_copy(wsi, room, len + 1, which) > 0 ? room : NULL;
}

static int begin_call(struct lws *wsi, struct client *client, const char *path)
{
	struct call *c = &client->call;
	int          len = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);

	call_end(c); /* of a kept connection, the one before */
	call_begin(c, wsi);
	c->path = arena_strdup(c->arena, path);
	c->is_post = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
	c->authorization = header(wsi, c->arena, len, WSI_TOKEN_HTTP_AUTHORIZATION);
	c->apikey = custom_header(wsi, c->arena, "apikey:");
	c->request_id = custom_header(wsi, c->arena, "x-request-id:");
	c->is_inside = custom_header(wsi, c->arena, "scribe-inside:") != NULL;
	if (!c->is_post || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
		call_run(c);
	return 0;
}

static int answer_call(struct lws *wsi, struct call *c)
{
	if (!c->link || !c->status || c->is_answered)
		return 0;
	c->is_answered = true;
	if (!write_answer(wsi, (unsigned)c->status, c->arena, c->answer))
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_client(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                     size_t len)
{
	struct client *c = user;

	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return consider_upgrade(wsi, c);
	case LWS_CALLBACK_ESTABLISHED:
		return established(wsi, c);
	case LWS_CALLBACK_RECEIVE:
		return receive(&c->socket, (struct span){in, len});
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return write_socket(&c->socket);
	case LWS_CALLBACK_CLOSED:
		socket_end(&c->socket);
		return 0;
	case LWS_CALLBACK_HTTP:
		return begin_call(wsi, c, in);
	case LWS_CALLBACK_HTTP_BODY:
		call_body(&c->call, (struct span){in, len});
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		call_run(&c->call);
		return 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return answer_call(wsi, &c->call);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (c)
			call_end(&c->call);
		return 0;
	default:
		return 0;
	}
}

/* ---- what is no client ---- */

static void accept_all(void)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		lws_adopt_socket_vhost(office.vhost, fd);
	}
}

static void begin_to_stop(void)
{
	struct signalfd_siginfo info;

	while (read(office.signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (!office.stop_ms) {
			office.stop_ms = clock_mono_ms();
			/* Closed here only: the supervisor and who takes over have it too. */
			if (office.door)
				lws_set_timeout(office.door, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
			office.door = NULL;
		}
}

static int on_descriptor(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t len)
{
	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED)
		clerk_collect();
	else if (reason == LWS_CALLBACK_RAW_RX_FILE && wsi == office.door)
		accept_all();
	else if (reason == LWS_CALLBACK_RAW_RX_FILE)
		begin_to_stop();
	return 0;
}

/* ---- time ---- */

/* A part of those who are left, so that not all come back at once. */
static void close_some(void)
{
	unsigned n = sockets_count() / DRAIN_STEPS + 1;

	for (struct socket *s = sockets_first(); s && n; s = s->next)
		if (!s->close_code) {
			socket_close(s, RESTART, "restarting");
			n--;
		}
}

static void each_minute(uint64_t now)
{
	static uint64_t asked_ms;

	if (now - asked_ms < 60000)
		return;
	asked_ms = now;
	channels_ask_again(NULL);
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct ctx cx = {.arena = office.arena, .deadline = DEADLINE_NEVER};
	uint64_t   now = clock_mono_ms();

	if (office.stop_ms)
		close_some();
	if (now - office.ticked_ms >= 1000) {
		office.ticked_ms = now;
		channels_tick(&cx);
		sockets_tick();
		each_minute(now);
		health_beat(now);
		arena_reset(office.arena);
	}
	lws_sul_schedule(office.context, 0, sul, on_tick,
	                 (lws_usec_t)(office.stop_ms ? DRAIN_STEP_MS : 250) * 1000);
}

/* ---- the process ---- */

/* Descriptors for as many sockets as are wanted, or as may be had. */
static void raise_descriptors(void)
{
	struct rlimit limit;
	rlim_t        wanted = (rlim_t)limits.sockets + SPARE_FDS;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted)
		limits.sockets = (int64_t)limit.rlim_cur - SPARE_FDS;
	if (limits.sockets < 1)
		limits.sockets = 1;
}

static struct lws *adopt(int fd)
{
	lws_sock_file_fd_type what = {.filefd = fd};
	struct lws *wsi = lws_adopt_descriptor_vhost(office.vhost, LWS_ADOPT_RAW_FILE_DESC, what,
	                                             "descriptors", NULL);

	if (!wsi)
		fatal("descriptor %d can not be watched", fd);
	return wsi;
}

static void make_context(void)
{
	static const struct lws_protocols protocols[] = {
		{.name = "realtime",
	     .callback = on_client,
	     .per_session_data_size = sizeof(struct client),
	     .rx_buffer_size = RX_BYTES},
		{.name = "descriptors", .callback = on_descriptor},
		{.name = NULL},
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.max_http_header_data = HEADERS_BYTES,
		.max_http_header_pool = 64,
		.timeout_secs = 15,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.vhost_name = "realtime",
	};

	lws_set_log_level(0, NULL);
	office.context = lws_create_context(&info);
	if (!office.context)
		fatal("libwebsockets can not be started");
	office.vhost = lws_create_vhost(office.context, &info);
	if (!office.vhost)
		fatal("libwebsockets can not serve");
}

static void watch_descriptors(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	office.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (office.signals < 0)
		fatal("no signalfd: errno %d", errno);
	adopt(office.signals);
	serve_never_block();
	office.door = adopt(LISTEN_FD);
}

static bool is_over(void)
{
	return office.stop_ms && (sockets_count() == 0 || clock_mono_ms() - office.stop_ms > DRAIN_MS);
}

int wire_serve(void)
{
	static const struct wire_calls  socket_calls = {want_to_write, write_now, give_up};
	static const struct clerk_calls clerk_calls = {wire_wake, news_take, news_missed};

	office.arena = arena_new(16384);
	raise_descriptors();
	make_context();
	watch_descriptors();
	sockets_start(&socket_calls);
	calls_start(want_to_answer);
	clerk_start(&clerk_calls);
	on_tick(&office.tick);
	LOG(LOG_INFO, NULL, "serving", F_INT("sockets", limits.sockets));
	while (!is_over() && lws_service(office.context, 0) >= 0)
		;
	clerk_stop();
	LOG(LOG_INFO, NULL, "drained", F_INT("unsettled", sockets_count()));
	lws_context_destroy(office.context);
	arena_free(&office.arena);
	return 0;
}
