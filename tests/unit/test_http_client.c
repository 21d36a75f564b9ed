/* test_http_client.c -- limits, cancellation and broken servers, each to its error. */
#include "../../common/base/aside.h"
#include "../../common/base/task.h"
#include "../../common/call/http_client.h"
#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define OK_ANSWER  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#define CUT_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
#define TRIES      10 /* on a machine that is held up now and then */

static struct ctx new_ctx(unsigned deadline_ms)
{
	return (struct ctx){.arena = arena_new(4096), .deadline = deadline_in(deadline_ms)};
}

static void takes_an_answer(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(5000);
	const char       *headers[] = {"X-Key: secret", NULL};
	struct http_reply reply;

	(void)state;
	assert_null(
		http_do(&cx,
	            &(struct http_call){.url = f->url, .headers = headers, .body = SPAN("{\"a\":1}")},
	            &reply));
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.body.ptr, "hello");
	assert_string_equal(reply.content_type, "text/plain");
	assert_true(reply.first_ms > 0);
	assert_int_equal(cx.cost.upstream_ms, reply.took_ms);
	assert_non_null(strstr(f->request, "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(f->request, "X-Key: secret\r\n"));
	assert_non_null(strstr(f->request, "User-Agent: scribe\r\n"));
	assert_non_null(strstr(f->request, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(f->request, "Expect:"));
	arena_free(&cx.arena);
	fake_stop(f);
}

static void keeps_connections_warm(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(5000);
	struct http_reply reply;

	(void)state;
	f->end = FAKE_KEEP;
	for (int i = 0; i < 5; i++)
		assert_null(http_do(&cx, &(struct http_call){.url = f->url}, &reply));
	assert_int_equal(f->requests, 5);
	assert_int_equal(f->connections, 1);
	arena_free(&cx.arena);
	http_stop(); /* closes it, so that the server's thread can end */
	assert_int_equal(http_start(), 0);
	fake_stop(f);
}

static void sends_parts(void **state)
{
	static const struct http_part parts[] = {
		{"file", "a.wav", "audio/wav", SPAN("RIFF\0x")},
		{.name = "model", .content = SPAN("whisper")},
	};
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(5000);
	struct http_reply reply;

	(void)state;
	assert_null(
		http_do(&cx, &(struct http_call){.url = f->url, .parts = parts, .parts_n = 2}, &reply));
	assert_non_null(strstr(f->request, "multipart/form-data; boundary="));
	assert_non_null(strstr(f->request, "name=\"file\"; filename=\"a.wav\"\r\n"
	                                   "Content-Type: audio/wav\r\n"));
	arena_free(&cx.arena);
	fake_stop(f);
}

static bool is_last_attempt; /* of what try_call does */

/* One call against one behaviour; returns the error's kind, or 0 for a success. */
static int try_call(const char *answer, size_t step, unsigned pause_ms, enum fake_end end,
                    struct http_limits limits, unsigned *took_ms)
{
	struct fake_http *f = fake_start(answer);
	struct ctx        cx = new_ctx(3000);
	struct http_reply reply;
	struct err       *e;
	int               kind;

	f->step = step;
	f->pause_ms = pause_ms;
	f->end = end;
	cx.is_last_attempt = is_last_attempt;
	e = http_do(&cx, &(struct http_call){.url = f->url, .limits = limits, .reply_max = 64}, &reply);
	*took_ms = reply.took_ms;
	kind = e ? (int)e->kind : 0;
	assert_true(!e || e->uncertain); /* all of these had the request in hand */
	arena_free(&cx.arena);
	fake_stop(f);
	return kind;
}

/* It ends when it is time. A machine that stands still meanwhile has it end late: not each time. */
static void ends_in_time(const char *answer, size_t step, unsigned pause_ms, enum fake_end end,
                         struct http_limits limits, unsigned least_ms, unsigned most_ms)
{
	unsigned ms = most_ms + 1;

	for (int i = 0; i < TRIES && ms > most_ms; i++) {
		assert_int_equal(try_call(answer, step, pause_ms, end, limits, &ms), ERR_DEADLINE);
		assert_true(ms >= least_ms);
	}
	assert_in_range(ms, least_ms, most_ms);
}

static void holds_its_limits(void **state)
{
	struct http_limits first = {.first_ms = 200}, idle = {.idle_ms = 200}, all = {.total_ms = 200};
	unsigned           ms;

	(void)state;
	ends_in_time("", 0, 0, FAKE_HANG, first, 200, 400);
	assert_int_equal(try_call(OK_ANSWER, 67, 400, FAKE_CLOSE, first, &ms), ERR_DEADLINE);
	assert_int_equal(try_call(OK_ANSWER, 70, 0, FAKE_CLOSE, idle, &ms), 0);
	ends_in_time(CUT_ANSWER, 0, 0, FAKE_HANG, idle, 200, 400);
	ends_in_time(OK_ANSWER, 10, 50, FAKE_CLOSE, all, 200, 400);
}

/* What is slow still answers when there is nobody else; what stalls is given up all the same. */
static void gives_the_last_one_all_the_time(void **state)
{
	struct http_limits first = {.first_ms = 200}, idle = {.idle_ms = 200}, all = {.total_ms = 200};
	unsigned           ms;

	(void)state;
	is_last_attempt = true;
	assert_int_equal(try_call(OK_ANSWER, 67, 400, FAKE_CLOSE, first, &ms), 0);
	assert_int_equal(try_call(OK_ANSWER, 10, 50, FAKE_CLOSE, all, &ms), 0);
	assert_int_equal(try_call(CUT_ANSWER, 0, 0, FAKE_HANG, idle, &ms), ERR_DEADLINE);
	ends_in_time("", 0, 0, FAKE_HANG, first, 2900, 3400);
	is_last_attempt = false;
}

static void calls_broken_servers_broken(void **state)
{
	struct http_limits none = {0};
	unsigned           ms;

	(void)state;
	assert_int_equal(try_call("", 0, 0, FAKE_CLOSE, none, &ms), ERR_UPSTREAM);
	assert_int_equal(try_call(CUT_ANSWER, 0, 0, FAKE_CLOSE, none, &ms), ERR_UPSTREAM);
	assert_int_equal(try_call("\x16\x03\x01 not HTTP\r\n\r\n", 0, 0, FAKE_CLOSE, none, &ms),
	                 ERR_UPSTREAM);
	assert_int_equal(try_call("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n"
	                          "0123456789012345678901234567890123"
	                          "567890123456789012345678901234567890",
	                          0, 0, FAKE_CLOSE, none, &ms),
	                 ERR_UPSTREAM);
}

static void maps_nothing_of_other_statuses(void **state)
{
	struct fake_http *f = fake_start("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n"
	                                 "Location: http://127.0.0.1:1/\r\n"
	                                 "Content-Length: 2\r\n\r\n{}");
	struct ctx        cx = new_ctx(5000);
	struct http_reply reply;

	(void)state;
	assert_null(http_do(&cx, &(struct http_call){.url = f->url}, &reply));
	assert_int_equal(reply.status, 429);
	assert_int_equal(reply.retry_after_ms, 7000);
	assert_string_equal(reply.body.ptr, "{}");
	arena_free(&cx.arena);
	fake_stop(f);
}

static void refuses_what_is_not_http(void **state)
{
	struct ctx        cx = new_ctx(2000);
	struct http_reply reply;
	struct err       *e;

	(void)state;
	e = http_do(&cx, &(struct http_call){.url = "file:///etc/passwd"}, &reply);
	assert_int_equal(e->kind, ERR_UPSTREAM);
	assert_false(e->uncertain);
	e = http_do(&cx, &(struct http_call){.url = "http://127.0.0.1:1/"}, &reply);
	assert_int_equal(e->kind, ERR_UPSTREAM);
	assert_false(e->uncertain);
	cx.deadline = deadline_in(0);
	e = http_do(&cx, &(struct http_call){.url = "http://127.0.0.1:1/"}, &reply);
	assert_int_equal(e->kind, ERR_DEADLINE);
	arena_free(&cx.arena);
}

struct leaver {
	struct fake_http *waits_at;
	struct cancel     cancel;
};

/* Once the service has the request in hand. */
static void *leave(void *data)
{
	struct leaver *l = data;

	while (!atomic_load(&l->waits_at->requests))
		sched_yield();
	cancel_fire(&l->cancel, CANCEL_CLIENT_LEFT);
	return NULL;
}

static void stops_when_cancelled(void **state)
{
	struct fake_http *f = fake_start("");
	struct ctx        cx = new_ctx(20000);
	struct leaver     leaver = {.waits_at = f};
	struct http_reply reply;
	pthread_t         thread;
	struct err       *e;

	(void)state;
	f->end = FAKE_HANG;
	cancel_init(&leaver.cancel);
	cx.cancel = &leaver.cancel;
	pthread_create(&thread, NULL, leave, &leaver);
	e = http_do(&cx, &(struct http_call){.url = f->url}, &reply);
	assert_int_equal(e->kind, ERR_CANCELLED);
	assert_true(reply.took_ms < 10000);
	assert_true(e->uncertain);
	pthread_join(thread, NULL);
	cancel_end(&leaver.cancel);
	arena_free(&cx.arena);
	fake_stop(f);
}

struct listener {
	struct cancel cancel;
	unsigned      pieces;
};

static enum http_verdict hear_one_and_leave(const struct http_piece *piece, void *data)
{
	struct listener *l = data;

	(void)piece;
	l->pieces++;
	cancel_fire(&l->cancel, CANCEL_CLIENT_LEFT);
	return HTTP_USEFUL;
}

/* A model that goes on and on is not listened to until it draws breath. */
static void stops_although_there_is_more_to_read(void **state)
{
	struct fake_http *f = fake_start("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
	                                 "data: one\n\ndata: two\n\ndata: three\n\n");
	struct ctx        cx = new_ctx(20000);
	struct listener   listener = {.pieces = 0};
	struct http_reply reply;
	struct err       *e;

	(void)state;
	f->end = FAKE_HANG;
	cancel_init(&listener.cancel);
	cx.cancel = &listener.cancel;
	e = http_do(&cx,
	            &(struct http_call){.url = f->url,
	                                .on_data = hear_one_and_leave,
	                                .data = &listener,
	                                .event_max = 100},
	            &reply);
	assert_int_equal(e->kind, ERR_CANCELLED);
	assert_int_equal(listener.pieces, 1);
	cancel_end(&listener.cancel);
	arena_free(&cx.arena);
	fake_stop(f);
}

/* What the thread does besides: it counts, and after so many looks it has had enough. */
struct besides {
	struct aside aside;
	unsigned     looks, enough, due_ms;
	atomic_bool  is_over;
};

static bool look_besides(void *data)
{
	struct besides *b = data;

	b->looks++;
	if (b->due_ms)
		b->aside.due = deadline_in(b->due_ms);
	return b->looks < b->enough;
}

static void *ring_on(void *data)
{
	struct besides *b = data;

	while (!atomic_load(&b->is_over)) {
		usleep(10000);
		monitor_lock(&b->aside.monitor);
		aside_ring(&b->aside);
		monitor_unlock(&b->aside.monitor);
	}
	return NULL;
}

/* A server says nothing; who looks aside has enough in the end. */
static void wait_besides(struct besides *b)
{
	struct fake_http *f = fake_start("");
	struct ctx        cx = new_ctx(20000);
	struct http_reply reply;
	struct err       *e;

	f->end = FAKE_HANG;
	cx.aside = &b->aside;
	b->aside.due = b->due_ms ? deadline_in(b->due_ms) : DEADLINE_NEVER;
	e = http_do(&cx, &(struct http_call){.url = f->url}, &reply);
	assert_int_equal(e->kind, ERR_CANCELLED);
	assert_int_equal(b->looks, b->enough);
	assert_true(deadline_left_ms(cx.deadline) > 10000);
	arena_free(&cx.arena);
	fake_stop(f);
}

static void looks_aside_when_it_is_time(void **state)
{
	struct besides b = {.enough = 3, .due_ms = 20};

	(void)state;
	aside_init(&b.aside, look_besides, &b);
	wait_besides(&b);
}

static void looks_aside_when_rung(void **state)
{
	struct besides b = {.enough = 2};
	pthread_t      thread;

	(void)state;
	aside_init(&b.aside, look_besides, &b);
	pthread_create(&thread, NULL, ring_on, &b);
	wait_besides(&b);
	atomic_store(&b.is_over, true);
	pthread_join(thread, NULL);
}

static enum http_verdict stop_when_it_has_looked(const struct http_piece *piece, void *data)
{
	struct besides *b = data;

	return !piece->data.len && b->looks == 2 ? HTTP_STOP : HTTP_USEFUL;
}

/* A server says a little and no more; who looks aside finds that this is all that is wanted. */
static void asks_the_receiver_after_a_look(void **state)
{
	struct besides    b = {.enough = 100, .due_ms = 20};
	struct fake_http *f = fake_start("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
	struct ctx        cx = new_ctx(20000);
	struct http_reply reply;

	(void)state;
	f->end = FAKE_HANG;
	aside_init(&b.aside, look_besides, &b);
	b.aside.due = deadline_in(b.due_ms);
	cx.aside = &b.aside;
	assert_null(
		http_do(&cx,
	            &(struct http_call){.url = f->url, .on_data = stop_when_it_has_looked, .data = &b},
	            &reply));
	assert_int_equal(reply.status, 200);
	assert_int_equal(b.looks, 2);
	arena_free(&cx.arena);
	fake_stop(f);
}

static enum http_verdict say(const struct http_piece *piece, void *data)
{
	(void)piece;
	return *(const enum http_verdict *)data;
}

static void obeys_the_receiver(void **state)
{
	static const enum http_verdict verdicts[] = {HTTP_STOP, HTTP_LAST};

	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		struct fake_http *f = fake_start("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
		struct ctx        cx = new_ctx(30000);
		struct http_reply reply;
		struct http_call  call = {.url = f->url, .on_data = say};
		enum http_verdict verdict = verdicts[i];

		f->end = FAKE_HANG;
		call.data = &verdict;
		assert_null(http_do(&cx, &call, &reply));
		assert_in_range(reply.took_ms, 0, 10000);
		assert_int_equal(reply.body.len, 0);
		arena_free(&cx.arena);
		fake_stop(f);
	}
}

/* Each event is the last that matters. */
static enum http_verdict count_last(const struct http_piece *piece, void *data)
{
	(void)piece;
	++*(int *)data;
	return HTTP_LAST;
}

static void takes_what_comes_behind_the_last(void **state)
{
	struct fake_http *f = fake_start("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
	                                 "data: one\n\ndata: two\n\n");
	struct ctx        cx = new_ctx(30000);
	struct http_reply reply;
	int               pieces = 0;

	(void)state;
	f->end = FAKE_HANG;
	assert_null(http_do(&cx,
	                    &(struct http_call){.url = f->url,
	                                        .on_data = count_last,
	                                        .data = &pieces,
	                                        .event_max = 100},
	                    &reply));
	assert_int_equal(pieces, 2);
	assert_in_range(reply.took_ms, 0, 10000);
	arena_free(&cx.arena);
	fake_stop(f);
}

static struct err *call_in_task(struct ctx *cx, void *data)
{
	struct http_reply reply;

	for (int i = 0; i < 20; i++)
		TRY(http_do(cx, &(struct http_call){.url = data}, &reply));
	return NULL;
}

static void serves_many_threads(void **state)
{
	struct fake_http *f = fake_start(OK_ANSWER);
	struct ctx        cx = new_ctx(20000);
	struct task      *tasks[8];

	(void)state;
	for (size_t i = 0; i < COUNT(tasks); i++)
		tasks[i] = task_start(&cx, call_in_task, f->url);
	for (size_t i = 0; i < COUNT(tasks); i++)
		assert_null(task_join(tasks[i]));
	assert_int_equal(f->requests, 160);
	arena_free(&cx.arena);
	fake_stop(f);
}

static void reads_how_long_to_wait(void **state)
{
	const int64_t now = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */

	(void)state;
	assert_int_equal(http_retry_after_ms(NULL, "2", now), 2000);
	assert_int_equal(http_retry_after_ms(NULL, "0.25", now), 250);
	assert_int_equal(http_retry_after_ms("150", "2", now), 150);
	assert_int_equal(http_retry_after_ms(NULL, "Sun, 06 Nov 1994 08:49:47 GMT", now), 10000);
	assert_int_equal(http_retry_after_ms(NULL, "Sun, 06 Nov 1994 08:49:27 GMT", now), 0);
	assert_int_equal(http_retry_after_ms(NULL, "86400", now), 3600000);
	assert_int_equal(http_retry_after_ms(NULL, "-5", now), 0);
	assert_int_equal(http_retry_after_ms(NULL, "soon", now), 0);
	assert_int_equal(http_retry_after_ms(NULL, NULL, now), 0);
}

int main(void)
{
	const struct cfg_group *groups[] = {&http_settings};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_answer),
		cmocka_unit_test(keeps_connections_warm),
		cmocka_unit_test(sends_parts),
		cmocka_unit_test(holds_its_limits),
		cmocka_unit_test(gives_the_last_one_all_the_time),
		cmocka_unit_test(calls_broken_servers_broken),
		cmocka_unit_test(maps_nothing_of_other_statuses),
		cmocka_unit_test(refuses_what_is_not_http),
		cmocka_unit_test(stops_when_cancelled),
		cmocka_unit_test(stops_although_there_is_more_to_read),
		cmocka_unit_test(looks_aside_when_it_is_time),
		cmocka_unit_test(looks_aside_when_rung),
		cmocka_unit_test(asks_the_receiver_after_a_look),
		cmocka_unit_test(obeys_the_receiver),
		cmocka_unit_test(takes_what_comes_behind_the_last),
		cmocka_unit_test(serves_many_threads),
		cmocka_unit_test(reads_how_long_to_wait),
	};
	int failed;

	if (cfg_load(groups, 1) || http_start())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_stop();
	return failed;
}
