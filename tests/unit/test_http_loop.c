/* test_http_loop.c -- answers in pieces, calls beside other work, and what the loop does alone. */
#include "../../common/call/http_client.h"
#include "../../common/call/http_exchange.h"
#include "fake_http.h"

#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define HEAD      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

static struct ctx new_ctx(unsigned deadline_ms)
{
	return (struct ctx){.arena = arena_new(4096), .deadline = deadline_in(deadline_ms)};
}

/* Marks a call as one with a receiver: the tests take the pieces themselves. */
static enum http_verdict take(const struct http_piece *piece, void *data)
{
	(void)piece;
	(void)data;
	return HTTP_USEFUL;
}

/* ---- pieces ---- */

static void gives_events_one_by_one(void **state)
{
	static const char answer[] = HEAD "data: one\n\nevent: error\ndata: two\n\ndata: lost";

	(void)state;
	for (size_t step = 1; step < sizeof(answer); step += 40) {
		struct fake_http *f = fake_start(answer);
		struct ctx        cx = new_ctx(5000);
		struct http_call  call = {.url = f->url, .on_data = take, .event_max = 100};
		struct exchange  *x;
		struct http_piece piece;
		struct http_reply reply;

		f->step = step;
		x = http_begin(&cx, &call);
		assert_null(http_next(&cx, x, HTTP_GO_ON, &piece));
		assert_string_equal(piece.event, "message");
		assert_string_equal(piece.data.ptr, "one");
		assert_null(http_next(&cx, x, HTTP_USEFUL, &piece));
		assert_string_equal(piece.event, "error");
		assert_string_equal(piece.data.ptr, "two");
		assert_null(http_next(&cx, x, HTTP_USEFUL, &piece));
		assert_null(piece.data.ptr);
		assert_null(http_end(&cx, x, &reply));
		assert_int_equal(reply.status, 200);
		arena_free(&cx.arena);
		fake_stop(f);
	}
}

static void refuses_too_large_events(void **state)
{
	struct fake_http *f = fake_start(HEAD "data: 0123456789012345678901234567890123456789\n\n");
	struct ctx        cx = new_ctx(5000);
	struct http_call  call = {.url = f->url, .on_data = take, .event_max = 30};
	struct http_reply reply;

	(void)state;
	assert_int_equal(http_do(&cx, &call, &reply)->kind, ERR_UPSTREAM);
	arena_free(&cx.arena);
	fake_stop(f);
}

static bool never_urgent(const struct http_piece *piece)
{
	(void)piece;
	return false;
}

/* Nobody says that a piece is urgent, and the answer does not end: it is seen all the same. */
static void wakes_for_what_is_not_urgent(void **state)
{
	struct fake_http *f = fake_start(HEAD "data: one\n\n");
	struct ctx        cx = new_ctx(20000);
	struct http_call  call = {.url = f->url,
	                          .on_data = take,
	                          .event_max = 100,
	                          .is_urgent = never_urgent};
	struct exchange  *x;
	struct http_piece piece;

	(void)state;
	f->end = FAKE_HANG;
	x = http_begin(&cx, &call);
	assert_null(http_next(&cx, x, HTTP_GO_ON, &piece));
	assert_string_equal(piece.data.ptr, "one");
	arena_free(&cx.arena);
	fake_stop(f);
}

#define WANTED 20u

/* False: some of it lies here already, so nobody waits. */
static bool want_what_is_to_come(struct exchange *x)
{
	bool is_to_come;

	http_want(x, WANTED);
	monitor_lock(&x->news);
	is_to_come = x->wanted == WANTED && !x->queue.len && x->batch_at == x->batch.len;
	monitor_unlock(&x->news);
	return is_to_come;
}

/* Bytes come one by one, and only so many at once are of use. */
static void wakes_for_what_is_wanted(void **state)
{
	struct fake_http *f;
	struct ctx        cx = new_ctx(20000);
	struct http_call  call = {.on_data = take};
	char              answer[sizeof(HEAD) + 200];
	struct exchange  *x;
	struct http_piece piece;
	size_t            taken = 0, missing;

	(void)state;
	snprintf(answer, sizeof(answer), HEAD "%0200d", 0);
	f = fake_start(answer);
	f->step = 1;
	f->pause_ms = 3;
	call.url = f->url;
	x = http_begin(&cx, &call);
	do {
		assert_null(http_next(&cx, x, HTTP_USEFUL, &piece));
		taken += piece.data.len;
	} while (!want_what_is_to_come(x));
	assert_null(http_next(&cx, x, HTTP_USEFUL, &piece));
	monitor_lock(&x->news);
	missing = x->wanted;
	monitor_unlock(&x->news);
	assert_int_equal(missing, 0);
	for (; piece.data.ptr; assert_null(http_next(&cx, x, HTTP_USEFUL, &piece))) {
		taken += piece.data.len;
		http_want(x, HTTP_WANT_MAX * 2); /* the end is told of all the same */
	}
	assert_int_equal(taken, 200);
	arena_free(&cx.arena);
	fake_stop(f);
}

#define LARGE  ((size_t)24 << 20)
#define CRUMBS ((size_t)40000)

/* Whatever is wanted: in pieces of a byte the queue is full before. */
static void wakes_for_a_full_queue(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char crumb[] = "1\r\nx\r\n";
	struct ctx        cx = new_ctx(20000);
	struct buf        answer = buf_new(cx.arena, LARGE);
	struct http_call  call = {.on_data = take};
	struct fake_http *f;
	struct exchange  *x;
	struct http_piece piece;
	size_t            taken = 0;

	(void)state;
	buf_str(&answer, head);
	for (size_t i = 0; i < CRUMBS; i++)
		buf_str(&answer, crumb);
	buf_str(&answer, "0\r\n\r\n");
	f = fake_start(buf_text(&answer));
	call.url = f->url;
	x = http_begin(&cx, &call);
	for (;;) {
		assert_null(http_next(&cx, x, HTTP_USEFUL, &piece));
		if (!piece.data.ptr)
			break;
		taken += piece.data.len;
		http_want(x, HTTP_WANT_MAX);
	}
	assert_int_equal(taken, CRUMBS);
	fake_stop(f); /* what it sends lies in the arena */
	arena_free(&cx.arena);
}

/* Waits until the server can send no more. */
static size_t sent_when_stuck(const struct fake_http *f)
{
	size_t before;

	do {
		before = f->sent;
		poll(NULL, 0, 100);
	} while (before == 0 || f->sent != before);
	return before;
}

/* A caller that does not read is no reason to gather it all. */
static void holds_back_who_sends_too_fast(void **state)
{
	struct fake_http *f = fake_start(NULL);
	struct ctx        cx = new_ctx(30000);
	struct http_call  call = {.url = f->url, .on_data = take, .reply_max = LARGE};
	char             *answer = malloc(LARGE);
	size_t            got = 0, head = strlen(HEAD);
	struct exchange  *x;
	struct http_piece piece;
	struct http_reply reply;

	(void)state;
	memset(answer, 'x', LARGE);
	memcpy(answer, HEAD, head);
	f->answer = answer;
	f->answer_len = LARGE;
	f->step = 1 << 16;
	x = http_begin(&cx, &call);
	assert_true(sent_when_stuck(f) < LARGE);
	while (!http_next(&cx, x, HTTP_USEFUL, &piece) && piece.data.ptr)
		got += piece.data.len;
	assert_null(http_end(&cx, x, &reply));
	assert_int_equal(got, LARGE - head);
	arena_free(&cx.arena);
	fake_stop(f);
	free(answer);
}

/* ---- beside other work ---- */

static void answers_meanwhile(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(30000);
	struct http_call  call = {.url = f->url, .limits = {.total_ms = 3000}};
	struct exchange  *x = http_begin(&cx, &call);
	struct http_reply reply;

	(void)state;
	while (!f->left)
		sched_yield();
	poll(NULL, 0, 3100); /* what came in time counts, whenever it is looked at */
	assert_null(http_end(&cx, x, &reply));
	assert_string_equal(reply.body.ptr, "hello");
	assert_true(reply.took_ms < 3000);
	arena_free(&cx.arena);
	fake_stop(f);
}

/* The unit of work ends: its call does, too, and the service sees it. */
static void ends_with_the_unit_of_work(void **state)
{
	struct fake_http *f = fake_start("");
	struct ctx        cx = new_ctx(5000);

	(void)state;
	f->end = FAKE_HANG;
	http_begin(&cx, &(struct http_call){.url = f->url});
	while (!f->requests)
		sched_yield();
	arena_free(&cx.arena);
	while (!f->left)
		sched_yield();
	fake_stop(f);
}

/* ---- connections that break ---- */

static struct err *call_breaking(struct fake_http *f, int breaks_n, bool is_once)
{
	static struct ctx cx;
	struct http_call  call = {.url = f->url, .body = SPAN("{}"), .is_once = is_once};
	struct http_reply reply;

	if (cx.arena)
		arena_free(&cx.arena);
	cx = new_ctx(5000);
	f->breaks_n = breaks_n;
	f->broken = 0;
	return http_do(&cx, &call, &reply);
}

static void repeats_once_what_nobody_answered(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct err       *e;

	(void)state;
	assert_null(call_breaking(f, 1, false));
	assert_string_equal(strstr(f->request, "\r\n\r\n"), "\r\n\r\n{}");
	e = call_breaking(f, 9, false);
	assert_int_equal(e->kind, ERR_UPSTREAM);
	assert_true(e->uncertain);
	assert_int_equal(f->broken, 2);
	e = call_breaking(f, 1, true);
	assert_int_equal(e->kind, ERR_UPSTREAM);
	assert_int_equal(f->broken, 1);
	fake_stop(f);
}

/* ---- names with several addresses ---- */

/* libcurl's look-ups come here: the name of the test has a dead address and a good one. */

static struct addrinfo *address(uint32_t host, int port, struct addrinfo *next)
{
	struct addrinfo    *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in));
	struct sockaddr_in *to = (struct sockaddr_in *)(void *)(a + 1);

	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	to->sin_addr.s_addr = htonl(host);
	*a = (struct addrinfo){.ai_family = AF_INET,
	                       .ai_socktype = SOCK_STREAM,
	                       .ai_addrlen = sizeof(*to),
	                       .ai_addr = (struct sockaddr *)to,
	                       .ai_next = next};
	return a;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
	int port = service ? (int)strtol(service, NULL, 10) : 0;

	(void)hints;
	if (strcmp(name, "two.test") != 0)
		return EAI_NONAME;
	*out = address(0x7f000002, port, address(0x7f000001, port, NULL));
	return 0;
}

void freeaddrinfo(struct addrinfo *a)
{
	while (a) {
		struct addrinfo *next = a->ai_next;

		free(a);
		a = next;
	}
}

/* A listening socket that takes nobody in: its queue is full, so the kernel says nothing. */
struct silent {
	int fds[8];
};

static void silent_start(struct silent *s, uint32_t host, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int                one = 1;

	at.sin_addr.s_addr = htonl(host);
	s->fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fds[0], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(s->fds[0], (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fds[0], 0), 0);
	for (size_t i = 1; i < COUNT(s->fds); i++) {
		s->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(s->fds[i], (struct sockaddr *)&at, sizeof(at));
	}
}

static void silent_stop(const struct silent *s)
{
	for (size_t i = 0; i < COUNT(s->fds); i++)
		close(s->fds[i]);
}

static void goes_past_a_dead_address(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(20000);
	struct http_call  call = {.limits = {.connect_ms = 4000}};
	struct http_reply reply;
	struct silent     silent;
	char              url[64];
	int               port = (int)strtol(strrchr(f->url, ':') + 1, NULL, 10);

	(void)state;
	silent_start(&silent, 0x7f000002, port);
	snprintf(url, sizeof(url), "http://two.test:%d/", port);
	call.url = url;
	assert_null(http_do(&cx, &call, &reply));
	assert_string_equal(reply.body.ptr, "hello");
	silent_stop(&silent);
	arena_free(&cx.arena);
	fake_stop(f);
}

/* ---- the loop ---- */

static sem_t is_stuck, go_on;

static bool stuck(const struct http_piece *piece)
{
	(void)piece;
	sem_post(&is_stuck);
	sem_wait(&go_on);
	return true;
}

static _Atomic uint64_t ahead_ms;

static uint64_t clock_ahead(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + ahead_ms;
}

static void tells_when_it_stands_still(void **state)
{
	struct fake_http *f = fake_start(HEAD "data: x\n\n");
	struct ctx        cx = new_ctx(60000);
	struct http_call  call = {.url = f->url, .on_data = take, .event_max = 100, .is_urgent = stuck};
	struct exchange  *x;
	struct http_reply reply;

	(void)state;
	sem_init(&is_stuck, 0, 0);
	sem_init(&go_on, 0, 0);
	x = http_begin(&cx, &call);
	sem_wait(&is_stuck);
	assert_true(http_is_beating());
	ahead_ms = 10000;
	clock_set_for_test(clock_ahead);
	assert_false(http_is_beating());
	sem_post(&go_on);
	assert_null(http_end(&cx, x, &reply));
	while (!http_is_beating())
		sched_yield();
	clock_set_for_test(NULL);
	arena_free(&cx.arena);
	fake_stop(f);
}

/* Connections are kept while they are used, and a minute more. */
static void lets_go_of_what_nobody_uses(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(60000);
	struct http_reply reply;

	(void)state;
	f->end = FAKE_KEEP;
	ahead_ms = 0;
	clock_set_for_test(clock_ahead);
	for (int i = 0; i < 2; i++)
		assert_null(http_do(&cx, &(struct http_call){.url = f->url}, &reply));
	assert_int_equal(f->connections, 1);
	assert_int_equal(f->left, 0);
	ahead_ms = 61000;
	while (!f->left)
		sched_yield();
	cx.deadline = deadline_in(5000);
	assert_null(http_do(&cx, &(struct http_call){.url = f->url}, &reply));
	clock_set_for_test(NULL);
	arena_free(&cx.arena);
	http_stop();
	fake_stop(f);
}

int main(void)
{
	const struct cfg_group *groups[] = {&http_settings};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_events_one_by_one),
		cmocka_unit_test(refuses_too_large_events),
		cmocka_unit_test(wakes_for_what_is_not_urgent),
		cmocka_unit_test(wakes_for_what_is_wanted),
		cmocka_unit_test(wakes_for_a_full_queue),
		cmocka_unit_test(holds_back_who_sends_too_fast),
		cmocka_unit_test(answers_meanwhile),
		cmocka_unit_test(ends_with_the_unit_of_work),
		cmocka_unit_test(repeats_once_what_nobody_answered),
		cmocka_unit_test(goes_past_a_dead_address),
		cmocka_unit_test(tells_when_it_stands_still),
		cmocka_unit_test(lets_go_of_what_nobody_uses),
	};
	int failed;

	if (cfg_load(groups, 1) || http_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_stop();
	return failed;
}
