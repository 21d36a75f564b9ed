/* provider.c -- plays the services a turn asks, quickly enough not to be measured itself.
 *
 *   provider port=0 first_ms=200 tokens_per_s=80 tokens=20 extract_ms=400 speech_ms=150
 *            speech_speed=0 embed_ms=20 sentences=2 [log=FILE]
 *
 * Prints the port it got; ends at SIGTERM. What it plays, all under one address:
 *
 *   POST /openai/v1/chat/completions   a reply streamed token by token, as Groq does, or, where
 *                                      the request forces a tool, that call whole
 *   POST /v1/text-to-speech/VOICE      MP3, 128 kbit/s, 44.1 kHz, mono; as long as the text
 *   POST /v1/text-to-speech/VOICE/stream  the same; with speech_speed (not 0) piece by piece, so
 *                                      many times as quick as it lasts
 *   POST /v1/embeddings                1 536 numbers for each text, in base64; texts that share
 *                                      words are near each other
 *   GET  /stats                        what it did, and how late it was since the last such look
 *
 * A word that begins with "zq" tells whose request it is, and stands in the reply. `log` gets a
 * line for each call that has one: "WORD OPERATION FROM TO gone|whole", in microseconds of
 * CLOCK_MONOTONIC.
 *
 * It believes every request and checks none: tests/simulator/ is there for that. Every reply is
 * another text of as many tokens, so that nothing downstream finds it in a cache and all have the
 * same critical path. One thread, HTTP/1.1 without TLS only. What it knows of the transport is in
 * the section "connections", where another one would come in. */
#include "says.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX  ((size_t)4 << 20)
#define READ_BYTES   65536
#define PIECE_BYTES  4096u /* of sound: 256 ms */
#define PIECE_US     256000.0
#define LATE_STEP_US 100u
#define LATE_STEPS   10000u

enum operation { REPLY, CALL, SPEECH, EMBED, OPERATIONS };
static const char *const operation_names[OPERATIONS] = {"reply", "call", "speech", "embed"};

static struct {
	double   first_us, token_us, delay_us[OPERATIONS];
	double   piece_us; /* 0: all at once */
	unsigned tokens, sentences;
	FILE    *log; /* NULL: none is kept */
} values;

static struct {
	uint64_t asked[OPERATIONS], texts, gone, unknown;
	uint64_t connections, connections_max, waiting, waiting_max, streams;
	uint64_t late[LATE_STEPS + 1], late_n, late_max_us;
} stats;

/* One connection, and the request on it. Kept for reuse when it is closed. */
struct peer {
	struct peer      *next; /* while unused */
	struct peer      *made_before;
	struct loop_fd    fd;
	struct loop_timer timer;
	struct bytes      in, out;
	size_t            sent;
	struct span       audio; /* what follows `out` */
	struct span       rest;  /* of it, not due yet */
	enum operation    what;
	bool              is_answering, is_waiting, is_blocked, is_paced;
	uint64_t          asked_us;
	struct reply      reply;
	unsigned          token; /* or piece of sound */
};

static struct peer *unused, *made; /* all there are, by made_before */

static struct span request_of(const struct peer *p)
{
	return (struct span){p->in.ptr, p->in.len};
}

/* ---- how it went ---- */

static void count_lateness(uint64_t due_us)
{
	uint64_t late = loop_now_us() - due_us;
	size_t   step = late / LATE_STEP_US;

	stats.late[step < LATE_STEPS ? step : LATE_STEPS]++;
	stats.late_n++;
	if (late > stats.late_max_us)
		stats.late_max_us = late;
}

static double late_ms(double share)
{
	uint64_t left = (uint64_t)((double)stats.late_n * share), step = 0;

	while (step < LATE_STEPS && stats.late[step] <= left)
		left -= stats.late[step++];
	return stats.late_n ? (double)((step + 1) * LATE_STEP_US) / 1000 : 0;
}

static void write_stats(struct peer *p)
{
	static struct bytes body;

	body.len = 0;
	bytes_printf(&body, "{");
	for (int i = 0; i < OPERATIONS; i++)
		bytes_printf(&body, "\"%s\":%llu,", operation_names[i], (unsigned long long)stats.asked[i]);
	bytes_printf(&body,
	             "\"texts\":%llu,\"gone\":%llu,\"unknown\":%llu,\"connections\":%llu,"
	             "\"connections_max\":%llu,\"waiting\":%llu,\"waiting_max\":%llu,"
	             "\"late_p99_ms\":%.1f,\"late_max_ms\":%.1f}",
	             (unsigned long long)stats.texts, (unsigned long long)stats.gone,
	             (unsigned long long)stats.unknown, (unsigned long long)stats.connections,
	             (unsigned long long)stats.connections_max, (unsigned long long)stats.waiting,
	             (unsigned long long)stats.waiting_max, late_ms(0.99),
	             (double)stats.late_max_us / 1000);
	say_json(&p->out, &body);
	memset(stats.late, 0, sizeof(stats.late));
	stats.late_n = stats.late_max_us = 0;
	stats.waiting_max = stats.waiting;
	stats.connections_max = stats.connections;
}

static void log_end(const struct peer *p, bool is_gone)
{
	if (values.log && p->reply.tag.len)
		fprintf(values.log, "%.*s %s %llu %llu %s\n", (int)p->reply.tag.len, p->reply.tag.ptr,
		        operation_names[p->what], (unsigned long long)p->asked_us,
		        (unsigned long long)loop_now_us(), is_gone ? "gone" : "whole");
}

/* ---- connections ---- */

static void hang_up(struct peer *p)
{
	if (p->is_answering) {
		stats.gone++;
		log_end(p, true);
	}
	if (p->is_waiting)
		stats.waiting--;
	stats.connections--;
	loop_unset(&p->timer);
	close(p->fd.fd);
	p->is_answering = p->is_waiting = false;
	p->next = unused;
	unused = p;
}

static bool send_piece(struct peer *p, const char *from, size_t len)
{
	while (len) {
		ssize_t n = send(p->fd.fd, from, len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		p->sent += (size_t)n;
		from += n;
		len -= (size_t)n;
	}
	return true;
}

/* False: the socket takes no more, now or ever (errno). */
static bool send_all(struct peer *p)
{
	size_t behind;

	if (p->sent < p->out.len && !send_piece(p, p->out.ptr + p->sent, p->out.len - p->sent))
		return false;
	behind = p->sent - p->out.len;
	return send_piece(p, p->audio.ptr + behind, p->audio.len - behind);
}

/* Sends what there is; false when the peer is gone and `p` with it. */
static bool flush(struct peer *p)
{
	bool is_sent = send_all(p);

	if (!is_sent && errno != EAGAIN) {
		hang_up(p);
		return false;
	}
	if (is_sent) {
		p->out.len = p->sent = p->audio.len = 0;
	}
	if (p->is_blocked == is_sent) {
		p->is_blocked = !is_sent;
		loop_rewatch(&p->fd, EPOLLIN | (p->is_blocked ? EPOLLOUT : 0u));
	}
	return true;
}

static void answer_ended(struct peer *p)
{
	log_end(p, false);
	p->is_answering = false;
	p->reply.tag.len = 0;
	p->in.len = 0;
	(void)flush(p);
}

static uint64_t due_us(const struct peer *p)
{
	if (p->what != REPLY)
		return p->asked_us + (uint64_t)(values.delay_us[p->what] + p->token * values.piece_us);
	return p->asked_us + (uint64_t)(values.first_us + p->token * values.token_us);
}

static void speak_on(struct peer *p)
{
	if (p->token == 0) {
		p->is_waiting = false;
		stats.waiting--;
		say_stream_begin(&p->out, &p->reply);
	}
	/* Tokens that are due together leave together. */
	while (p->token < values.tokens && due_us(p) <= loop_now_us())
		say_stream_token(&p->out, &p->reply, p->token++);
	if (p->token == values.tokens) {
		say_stream_end(&p->out, &p->reply);
		answer_ended(p);
	} else if (flush(p)) {
		loop_set(&p->timer, due_us(p));
	}
}

/* Pieces lie one behind the other, so what is not sent yet only grows. */
static void sound_on(struct peer *p)
{
	if (p->token == 0)
		p->rest = say_speech(&p->out, request_of(p));
	do {
		size_t n = p->is_paced && p->rest.len > PIECE_BYTES ? PIECE_BYTES : p->rest.len;

		if (!p->audio.len)
			p->audio.ptr = p->rest.ptr;
		p->audio.len += n;
		p->rest = (struct span){p->rest.ptr + n, p->rest.len - n};
		p->token++;
	} while (p->rest.len && due_us(p) <= loop_now_us());
	if (!p->rest.len)
		answer_ended(p);
	else if (flush(p))
		loop_set(&p->timer, due_us(p));
}

static void answer(void *data)
{
	struct peer *p = data;

	count_lateness(due_us(p));
	if (p->what == REPLY) {
		speak_on(p);
		return;
	}
	if (p->what == CALL)
		say_call(&p->out, p->reply.number, request_of(p));
	else if (p->what == SPEECH)
		return sound_on(p);
	else
		stats.texts += say_embeddings(&p->out, request_of(p));
	answer_ended(p);
}

static void refuse(struct peer *p)
{
	stats.unknown++;
	say_not_found(&p->out);
	answer_ended(p);
}

static void begin(struct peer *p, enum operation what)
{
	static uint64_t number;

	p->what = what;
	p->token = 0;
	p->reply = (struct reply){++number, values.tokens, values.sentences, tag_in(request_of(p))};
	p->asked_us = loop_now_us();
	stats.asked[what]++;
	if (what == REPLY) {
		p->is_waiting = true;
		stats.waiting++;
		if (stats.waiting > stats.waiting_max)
			stats.waiting_max = stats.waiting;
	}
	loop_set(&p->timer, due_us(p));
}

static struct span first_line(struct span in)
{
	const char *end = memchr(in.ptr, '\r', in.len);

	return (struct span){in.ptr, end ? (size_t)(end - in.ptr) : in.len};
}

static void take(struct peer *p)
{
	struct span in = request_of(p);

	p->is_answering = true;
	if (span_starts(in, SPAN("POST /openai/v1/chat/completions")))
		begin(p, find(in, "\"tool_choice\":") ? CALL : REPLY);
	else if (span_starts(in, SPAN("POST /v1/text-to-speech/"))) {
		p->is_paced = values.piece_us > 0 && find(first_line(in), "/stream");
		begin(p, SPEECH);
	} else if (span_starts(in, SPAN("POST /v1/embeddings")))
		begin(p, EMBED);
	else if (span_starts(in, SPAN("GET /stats"))) {
		write_stats(p);
		answer_ended(p);
	} else
		refuse(p);
}

/* Bytes of the request, head and body; 0: its head is not whole. */
static size_t request_bytes(struct span in)
{
	static const char name[] = "\r\ncontent-length:";
	const char       *end = find(in, "\r\n\r\n");
	size_t            head = end ? (size_t)(end - in.ptr) + 4 : 0;

	for (size_t i = 0; i + strlen(name) < head; i++)
		if (strncasecmp(in.ptr + i, name, strlen(name)) == 0)
			return head + strtoul(in.ptr + i + strlen(name), NULL, 10);
	return head;
}

static void take_requests(struct peer *p)
{
	size_t wanted = request_bytes(request_of(p));

	if (p->in.len > REQUEST_MAX || (wanted && p->in.len > wanted))
		hang_up(p); /* nobody sends a second request before the first is answered */
	else if (wanted && p->in.len == wanted)
		take(p);
}

static void on_ready(void *data, unsigned events)
{
	static char  piece[READ_BYTES];
	struct peer *p = data;
	ssize_t      n;

	if ((events & EPOLLOUT) && !flush(p))
		return;
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = recv(p->fd.fd, piece, sizeof(piece), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || p->is_answering) {
		hang_up(p);
		return;
	}
	bytes_add(&p->in, piece, (size_t)n);
	take_requests(p);
}

static struct peer *peer_new(void)
{
	struct peer *p = unused;

	if (p) {
		unused = p->next;
	} else {
		p = calloc(1, sizeof(*p));
		assert(p);
		p->made_before = made;
		made = p;
	}
	p->in.len = p->out.len = p->sent = p->audio.len = 0;
	p->is_blocked = false;
	p->timer.on_time = answer;
	p->timer.data = p;
	return p;
}

static void on_connection(void *data, unsigned events)
{
	struct loop_fd *listening = data;

	(void)events;
	for (;;) {
		int          fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct peer *p;

		if (fd < 0)
			return;
		p = peer_new();
		p->fd = (struct loop_fd){fd, on_ready, p};
		if (++stats.connections > stats.connections_max)
			stats.connections_max = stats.connections;
		loop_watch(&p->fd, EPOLLIN);
	}
}

/* ---- the start ---- */

static const char *const options[] = {"port",         "first_ms",   "tokens_per_s",
                                      "tokens",       "extract_ms", "speech_ms",
                                      "speech_speed", "embed_ms",   "sentences",
                                      "log",          NULL};

static void open_log(const char *path)
{
	if (!path)
		return;
	values.log = fopen(path, "w");
	assert(values.log);
	setvbuf(values.log, NULL, _IOLBF, 0);
}

static void read_options(char **argv)
{
	options_check(argv, options);
	values.first_us = option_number(argv, "first_ms", 200) * 1000;
	values.token_us = 1e6 / option_number(argv, "tokens_per_s", 80);
	values.tokens = (unsigned)option_number(argv, "tokens", 20);
	values.delay_us[CALL] = option_number(argv, "extract_ms", 400) * 1000;
	values.delay_us[SPEECH] = option_number(argv, "speech_ms", 150) * 1000;
	values.piece_us = option_number(argv, "speech_speed", 0);
	if (values.piece_us > 0)
		values.piece_us = PIECE_US / values.piece_us;
	values.delay_us[EMBED] = option_number(argv, "embed_ms", 20) * 1000;
	values.sentences = (unsigned)option_number(argv, "sentences", 2);
	assert(values.sentences && values.tokens / values.sentences >= 2);
	open_log(option_text(argv, "log", NULL));
}

int main(int argc, char **argv)
{
	static struct loop_fd listening = {.on_ready = on_connection, .data = &listening};
	unsigned              port = 0;

	(void)argc;
	read_options(argv);
	loop_start();
	listening.fd = loop_listen((unsigned)option_number(argv, "port", 0), &port);
	if (listening.fd < 0) {
		perror("provider: listen");
		return 1;
	}
	printf("%u\n", port);
	fflush(stdout);
	loop_watch(&listening, EPOLLIN);
	loop_run();
	return 0;
}
