/* load.c -- sends requests at a fixed rate, whatever becomes of them, and tells how long each took.
 *
 *   load port=8080 path=/functions/v1/agent_reply messages=FILE rate=50 seconds=30
 *        [lanes=FILE] [in_use=N] [timeout_ms=60000] [marks='"degraded"|text'] [accept=TYPE]
 *        [ordered=1]
 *   load ... clients=16 seconds=5      each client again as soon as it has its answer
 *
 * Open loop: request k is due k/rate seconds after the start, and its latency counts from then, so
 * a stall is felt by all that were due in it and not by one (no coordinated omission). Each line of
 * `messages` is the inside of a JSON object, sent once and in turn. A line of `lanes` (the pair of
 * a session) is put before it and is never in two requests at once: it goes back to the end of the
 * queue when its answer has come. `in_use` lanes are taken in turn, the others only when all of
 * these are busy. `marks` are texts whose answers are counted, and the time until each is seen.
 * `ordered`: answers are looked through for "seq" and "part" of pieces of sound (sequence.h), and
 * those that have one out of turn are counted.
 *
 * HTTP/1.1 to the loopback, connections kept, as many as are needed. Prints one JSON object. Ends
 * when all is answered, at the latest timeout_ms behind the last request. */
#include "answer.h"
#include "sequence.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 65536
#define MARKS_MAX  8
#define MARK_MAX   63u

struct list {
	char  *text;
	char **lines;
	size_t n;
};

static struct {
	const char *path, *accept;
	unsigned    port;
	double      rate, seconds;
	size_t      clients;
	uint64_t    timeout_us;
	struct list messages, lanes;
	char        marks[MARKS_MAX][MARK_MAX + 1];
	size_t      marks_n;
	bool        is_ordered;
} values;

enum failure { NO_CONNECTION = 1, CLOSED, TIMEOUT, NOT_HTTP, NO_LANE, FAILURES };
static const char *const failure_names[FAILURES] = {
	NULL, "no_connection", "closed", "timeout", "not_http", "no_lane",
};

static struct {
	uint64_t sent, ended, failed[FAILURES], statuses[ANSWER_STATUS_MAX], marked[MARKS_MAX];
	uint64_t bytes, connections, in_flight, in_flight_max, in_flight_half, in_flight_end;
	uint64_t start_us, last_us, disordered;
	double  *ok_ms, *late_ms, *mark_ms[MARKS_MAX];
	size_t   ok_n, late_n, mark_n[MARKS_MAX], cap;
} found;

/* A connection, and the request on it. */
struct caller {
	struct caller    *next; /* while unused or idle */
	struct loop_fd    fd;
	struct loop_timer timer;
	struct bytes      out;
	size_t            sent;
	uint64_t          due_us;
	size_t            lane;
	bool              is_busy, has_lane, is_writing, is_marked[MARKS_MAX];
	char              carry[MARK_MAX];
	size_t            carry_len;
	struct sequence   sequence;
	struct answer     answer;
};

static struct caller *unused, *idle;
static size_t         next_message;

/* Lanes that wait for their turn, and those not used yet. */
static struct {
	size_t *ring, first, n, fresh;
} lanes;

static struct loop_timer arrival, half;

static void start_one(uint64_t due_us);

/* ---- lanes ---- */

static bool lane_take(size_t *out)
{
	if (lanes.n) {
		*out = lanes.ring[lanes.first];
		lanes.first = (lanes.first + 1) % values.lanes.n;
		lanes.n--;
		return true;
	}
	*out = lanes.fresh;
	return lanes.fresh < values.lanes.n && lanes.fresh++ < values.lanes.n;
}

static void lane_give(size_t lane)
{
	lanes.ring[(lanes.first + lanes.n++) % values.lanes.n] = lane;
}

static void lanes_start(size_t in_use)
{
	lanes.ring = calloc(values.lanes.n + 1, sizeof(*lanes.ring));
	assert(lanes.ring);
	while (lanes.fresh < in_use && lanes.fresh < values.lanes.n)
		lane_give(lanes.fresh++);
}

/* ---- results ---- */

static void note_ms(double **list, size_t *n, double ms)
{
	if (*n < found.cap)
		(*list)[(*n)++] = ms;
}

static bool is_over(void)
{
	return loop_now_us() >= found.start_us + (uint64_t)(values.seconds * 1e6);
}

static void ended(struct caller *c)
{
	loop_unset(&c->timer);
	c->is_busy = false;
	if (c->has_lane)
		lane_give(c->lane);
	found.in_flight--;
	found.ended++;
	found.last_us = loop_now_us();
	if (values.clients && !is_over())
		start_one(loop_now_us());
	if (found.in_flight == 0 && is_over() && !arrival.place)
		loop_stop();
}

static void drop(struct caller *c)
{
	close(c->fd.fd);
	c->next = unused;
	unused = c;
}

static void fail(struct caller *c, enum failure why)
{
	found.failed[why]++;
	drop(c);
	ended(c);
}

static void answered(struct caller *c)
{
	assert(c->answer.status < ANSWER_STATUS_MAX);
	found.statuses[c->answer.status]++;
	if (c->answer.status == 200)
		note_ms(&found.ok_ms, &found.ok_n, (double)(loop_now_us() - c->due_us) / 1000);
	for (size_t i = 0; i < values.marks_n; i++)
		found.marked[i] += c->is_marked[i];
	found.disordered += c->sequence.is_broken;
	if (answer_closes(&c->answer)) {
		drop(c);
	} else {
		c->next = idle;
		idle = c;
	}
	ended(c);
}

/* ---- the answer ---- */

/* Marks may lie across pieces, so the end of each is looked at again with the next. */
static void look_for_marks(const char *piece, size_t len, void *data)
{
	static char    joined[MARK_MAX + READ_BYTES];
	struct caller *c = data;
	size_t         total = c->carry_len + len;

	memcpy(joined, c->carry, c->carry_len);
	memcpy(joined + c->carry_len, piece, len);
	for (size_t i = 0; i < values.marks_n; i++)
		if (!c->is_marked[i] && memmem(joined, total, values.marks[i], strlen(values.marks[i]))) {
			c->is_marked[i] = true;
			note_ms(&found.mark_ms[i], &found.mark_n[i],
			        (double)(loop_now_us() - c->due_us) / 1000);
		}
	c->carry_len = total < MARK_MAX ? total : MARK_MAX;
	memcpy(c->carry, joined + total - c->carry_len, c->carry_len);
	if (values.is_ordered)
		sequence_take(&c->sequence, piece, len);
}

static void forget_idle(struct caller *c)
{
	struct caller **at = &idle;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	drop(c);
}

static void read_answer(struct caller *c)
{
	static char piece[READ_BYTES];
	ssize_t     n = recv(c->fd.fd, piece, sizeof(piece), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (!c->is_busy) {
		forget_idle(c);
	} else if (n <= 0) {
		if (n == 0 && c->answer.part == ANSWER_UNTIL_CLOSE)
			answered(c);
		else
			fail(c, CLOSED);
	} else {
		found.bytes += (uint64_t)n;
		if (!answer_take(&c->answer, piece, (size_t)n))
			fail(c, NOT_HTTP);
		else if (c->answer.part == ANSWER_WHOLE)
			answered(c);
	}
}

/* ---- the request ---- */

/* False when the connection broke, and the request failed with it. */
static bool write_request(struct caller *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd.fd, c->out.ptr + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN) {
			fail(c, errno == ECONNREFUSED ? NO_CONNECTION : CLOSED);
			return false;
		}
		if (n < 0)
			break;
		c->sent += (size_t)n;
	}
	if (c->is_writing != (c->sent < c->out.len)) {
		c->is_writing = !c->is_writing;
		loop_rewatch(&c->fd, EPOLLIN | (c->is_writing ? EPOLLOUT : 0u));
	}
	return true;
}

static void on_ready(void *data, unsigned events)
{
	struct caller *c = data;

	if ((events & EPOLLOUT) && c->is_busy && !write_request(c))
		return;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_answer(c);
}

static void on_timeout(void *data)
{
	fail(data, TIMEOUT);
}

static void write_body(struct bytes *body, const struct caller *c)
{
	body->len = 0;
	bytes_printf(body, "{%s%s%s}", c->has_lane ? values.lanes.lines[c->lane] : "",
	             c->has_lane ? "," : "", values.messages.lines[next_message++ % values.messages.n]);
}

static void write_out(struct caller *c)
{
	static struct bytes body;

	write_body(&body, c);
	c->out.len = c->sent = 0;
	bytes_printf(&c->out,
	             "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	             "Accept: %s\r\nContent-Length: %zu\r\n\r\n",
	             values.path, values.accept, body.len);
	bytes_add(&c->out, body.ptr, body.len);
}

static struct caller *connect_one(void)
{
	struct caller *c = unused;
	int            fd = loop_connect(values.port);

	if (fd < 0)
		return NULL;
	if (c)
		unused = c->next;
	else
		c = calloc(1, sizeof(*c));
	assert(c);
	c->fd = (struct loop_fd){fd, on_ready, c};
	c->timer.on_time = on_timeout;
	c->timer.data = c;
	c->answer.on_body = look_for_marks;
	c->answer.data = c;
	c->is_writing = true;
	found.connections++;
	loop_watch(&c->fd, EPOLLIN | EPOLLOUT);
	return c;
}

static struct caller *caller_take(void)
{
	struct caller *c = idle;

	if (c)
		idle = c->next;
	return c ? c : connect_one();
}

static void not_started(enum failure why, bool has_lane, size_t lane)
{
	found.failed[why]++;
	found.ended++;
	if (has_lane)
		lane_give(lane);
}

static void begin_request(struct caller *c, uint64_t due_us)
{
	c->is_busy = true;
	c->due_us = due_us;
	answer_begin(&c->answer);
	c->carry_len = 0;
	memset(c->is_marked, 0, sizeof(c->is_marked));
	c->sequence = (struct sequence){0};
	if (++found.in_flight > found.in_flight_max)
		found.in_flight_max = found.in_flight;
	loop_set(&c->timer, loop_now_us() + values.timeout_us);
	write_out(c);
	if (!c->is_writing)
		(void)write_request(c);
}

static void start_one(uint64_t due_us)
{
	bool           has_lane = values.lanes.n > 0;
	size_t         lane = 0;
	struct caller *c;

	found.sent++;
	note_ms(&found.late_ms, &found.late_n, (double)(loop_now_us() - due_us) / 1000);
	if (has_lane && !lane_take(&lane)) {
		not_started(NO_LANE, false, 0);
		return;
	}
	c = caller_take();
	if (!c) {
		not_started(NO_CONNECTION, has_lane, lane);
		return;
	}
	c->has_lane = has_lane;
	c->lane = lane;
	begin_request(c, due_us);
}

/* ---- the clock ---- */

static uint64_t due_us(uint64_t number)
{
	return found.start_us + (uint64_t)((double)number * 1e6 / values.rate);
}

static void on_arrival(void *data)
{
	uint64_t count = (uint64_t)(values.rate * values.seconds + 0.5);

	(void)data;
	while (found.sent < count && due_us(found.sent) <= loop_now_us())
		start_one(due_us(found.sent));
	if (found.sent < count) {
		loop_set(&arrival, due_us(found.sent));
		return;
	}
	found.in_flight_end = found.in_flight;
	/* Should none be in flight any more: look once more when the time is over. */
	loop_set(&half, found.start_us + (uint64_t)(values.seconds * 1e6));
}

static void on_half(void *data)
{
	(void)data;
	if (!found.in_flight_half)
		found.in_flight_half = found.in_flight;
	if (is_over() && found.in_flight == 0)
		loop_stop();
}

static void start_all(void)
{
	found.start_us = loop_now_us();
	arrival.on_time = on_arrival;
	half.on_time = on_half;
	loop_set(&half, found.start_us + (uint64_t)(values.seconds * 5e5));
	if (!values.clients)
		loop_set(&arrival, found.start_us);
	for (size_t i = 0; i < values.clients; i++)
		start_one(found.start_us);
}

/* ---- options and the report ---- */

static struct list read_lines(const char *path)
{
	struct list  list = {0};
	struct bytes text = {0};
	char         piece[READ_BYTES], *at, *end;
	FILE        *file = path ? fopen(path, "r") : NULL;
	size_t       n;

	if (!file)
		return list;
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		bytes_add(&text, piece, n);
	fclose(file);
	bytes_add(&text, "", 1);
	for (at = text.ptr; *at; at = end + 1) {
		end = strchr(at, '\n');
		if (!end)
			break;
		*end = 0;
		list.n++;
	}
	list.text = text.ptr;
	list.lines = calloc(list.n + 1, sizeof(char *));
	assert(list.lines);
	at = text.ptr;
	for (size_t i = 0; i < list.n; i++, at += strlen(at) + 1)
		list.lines[i] = at;
	return list;
}

static void read_marks(const char *text)
{
	while (*text && values.marks_n < MARKS_MAX) {
		size_t n = strcspn(text, "|");

		assert(n && n <= MARK_MAX);
		memcpy(values.marks[values.marks_n++], text, n);
		text += n + (text[n] == '|');
	}
}

static const char *const options[] = {"port",    "path",    "messages", "lanes",      "rate",
                                      "seconds", "clients", "in_use",   "timeout_ms", "marks",
                                      "accept",  "ordered", NULL};

static void read_options(char **argv)
{
	options_check(argv, options);
	values.port = (unsigned)option_number(argv, "port", 8080);
	values.path = option_text(argv, "path", "/");
	values.accept = option_text(argv, "accept", "application/json");
	values.is_ordered = option_number(argv, "ordered", 0) > 0;
	values.rate = option_number(argv, "rate", 1);
	values.seconds = option_number(argv, "seconds", 1);
	values.clients = (size_t)option_number(argv, "clients", 0);
	values.timeout_us = (uint64_t)(option_number(argv, "timeout_ms", 60000) * 1000);
	values.messages = read_lines(option_text(argv, "messages", NULL));
	values.lanes = read_lines(option_text(argv, "lanes", NULL));
	read_marks(option_text(argv, "marks", ""));
	lanes_start((size_t)option_number(argv, "in_use", (double)values.lanes.n));
	found.cap = values.clients ? 10000000 : (size_t)(values.rate * values.seconds) + 1;
	found.ok_ms = calloc(found.cap, sizeof(double));
	found.late_ms = calloc(found.cap, sizeof(double));
	assert(found.ok_ms && found.late_ms);
	for (size_t i = 0; i < values.marks_n; i++) {
		found.mark_ms[i] = calloc(found.cap, sizeof(double));
		assert(found.mark_ms[i]);
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_counts(void)
{
	const char *comma = "";

	printf("\"answers\":{");
	for (unsigned i = 0; i < ANSWER_STATUS_MAX; i++)
		if (found.statuses[i]) {
			printf("%s\"%u\":%llu", comma, i, (unsigned long long)found.statuses[i]);
			comma = ",";
		}
	for (unsigned i = 1; i < FAILURES; i++)
		if (found.failed[i]) {
			printf("%s\"%s\":%llu", comma, failure_names[i], (unsigned long long)found.failed[i]);
			comma = ",";
		}
	printf("},\"marked\":[");
	for (size_t i = 0; i < values.marks_n; i++)
		printf("%s%llu", i ? "," : "", (unsigned long long)found.marked[i]);
	printf("],\"marks_ms\":[");
	for (size_t i = 0; i < values.marks_n; i++) {
		qsort(found.mark_ms[i], found.mark_n[i], sizeof(double), by_size);
		printf("%s{\"p50\":%.3f,\"p95\":%.3f}", i ? "," : "",
		       percentile(found.mark_ms[i], found.mark_n[i], 0.5),
		       percentile(found.mark_ms[i], found.mark_n[i], 0.95));
	}
	printf("],");
}

static void report(void)
{
	qsort(found.ok_ms, found.ok_n, sizeof(double), by_size);
	qsort(found.late_ms, found.late_n, sizeof(double), by_size);
	printf("{\"sent\":%llu,\"ended\":%llu,", (unsigned long long)found.sent,
	       (unsigned long long)found.ended);
	print_counts();
	printf("\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,",
	       percentile(found.ok_ms, found.ok_n, 0.5), percentile(found.ok_ms, found.ok_n, 0.95),
	       percentile(found.ok_ms, found.ok_n, 0.99), percentile(found.ok_ms, found.ok_n, 1));
	printf("\"sent_late_p99_ms\":%.3f,\"took_ms\":%.1f,\"bytes\":%llu,\"connections\":%llu,",
	       percentile(found.late_ms, found.late_n, 0.99),
	       (double)(found.last_us - found.start_us) / 1000, (unsigned long long)found.bytes,
	       (unsigned long long)found.connections);
	printf("\"disordered\":%llu,", (unsigned long long)found.disordered);
	printf("\"in_flight_half\":%llu,\"in_flight_end\":%llu,\"in_flight_max\":%llu}\n",
	       (unsigned long long)found.in_flight_half, (unsigned long long)found.in_flight_end,
	       (unsigned long long)found.in_flight_max);
}

int main(int argc, char **argv)
{
	(void)argc;
	read_options(argv);
	if (!values.messages.n) {
		fprintf(stderr, "load: which messages?\n");
		return 2;
	}
	loop_start();
	start_all();
	loop_run();
	report();
	return 0;
}
