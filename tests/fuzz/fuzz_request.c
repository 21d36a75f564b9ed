/* fuzz_request.c -- a whole request, from FastCGI records to the reply, to each of the programs.
 *
 *   save_memory                     the program, or
 *   raw save_memory                 then what follows is FastCGI as it is
 *   REQUEST_METHOD=POST             parameters
 *   HTTP_IDEMPOTENCY_KEY=...
 *                                   an empty line; the rest is the body
 *   {"session_id": ...}
 *
 * CONTENT_LENGTH is added where no line says it. Whatever comes, one answer leaves: of a status we
 * know but not 500, with lines of a head that nobody can break out of, and JSON that is JSON. */
#include "../../common/base/json_check.h"
#include "../../common/web/crew.h"
#include "../../common/web/fcgi.h"
#include "../../common/web/fcgi_head.h"
#include "fuzz.h"
#include "programs.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* of what is called __wrap_ */

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#define PARAMS_MAX  65535u /* what nginx sends */
#define ANSWER_MAX  ((size_t)1 << 20)
#define RECORD_MAX  65535u
#define HEADER_SIZE 8u

enum { BEGIN = 1, END = 3, PARAMS, BODY, OUT, ERRORS };

static struct {
	int            request, answer; /* files */
	serve_handler *handler;
	struct span    address;
	unsigned       addresses_n;
	bool           has_address, is_handled, is_head;
} now;

/* ---- the way in ---- */

static void add_record(struct buf *to, unsigned type, struct span content)
{
	char head[HEADER_SIZE] = {1, (char)type, 0, 1, (char)(content.len >> 8), (char)content.len};

	buf_add(to, head, sizeof(head));
	buf_add(to, content.ptr, content.len);
}

static void add_length(struct buf *to, size_t n)
{
	if (n > 127)
		buf_add(to, (char[]){(char)(0x80 | n >> 24), (char)(n >> 16), (char)(n >> 8)}, 3);
	buf_char(to, (char)n);
}

static void add_param(struct buf *to, struct span name, struct span value)
{
	if (to->len + name.len + value.len + 8 > PARAMS_MAX)
		return;
	add_length(to, name.len);
	add_length(to, value.len);
	buf_add(to, name.ptr, name.len);
	buf_add(to, value.ptr, value.len);
}

/* Only what no two readers can take for two things: no NUL in it, and said once. */
static void note_address(struct span name, struct span value)
{
	if (!span_equal(name, SPAN("REMOTE_ADDR")))
		return;
	now.addresses_n++;
	now.has_address = now.addresses_n == 1 && !(value.len && memchr(value.ptr, '\0', value.len));
	now.address = value;
}

static struct span params_of(struct arena *a, struct span *rest)
{
	struct buf  params = buf_new(a, 2 * PARAMS_MAX);
	bool        has_length = false;
	struct span line;

	while (rest->len && (line = fuzz_line(rest)).len) {
		const char *equals = memchr(line.ptr, '=', line.len);
		size_t      n = equals ? (size_t)(equals - line.ptr) : line.len;
		struct span name = {line.ptr, n};
		struct span value = {line.ptr + n + !!equals, line.len - n - !!equals};

		note_address(name, value);
		has_length = has_length || span_equal(name, SPAN("CONTENT_LENGTH"));
		add_param(&params, name, value);
	}
	if (!has_length)
		add_param(&params, SPAN("CONTENT_LENGTH"), span_of(arena_printf(a, "%zu", rest->len)));
	return buf_span(&params);
}

static struct span records_of(struct arena *a, struct span rest)
{
	struct buf  all = buf_new(a, 4 * ANSWER_MAX);
	struct span params = params_of(a, &rest);

	add_record(&all, BEGIN, (struct span){"\0\1\1\0\0\0\0", 8});
	add_record(&all, PARAMS, params);
	if (params.len)
		add_record(&all, PARAMS, SPAN(""));
	while (rest.len) {
		struct span some = {rest.ptr, rest.len < RECORD_MAX ? rest.len : RECORD_MAX};

		add_record(&all, BODY, some);
		rest.ptr += some.len;
		rest.len -= some.len;
	}
	add_record(&all, BODY, SPAN(""));
	return buf_span(&all);
}

/* ---- the way out ---- */

static bool is_status(unsigned status)
{
	static const unsigned known[] = {200, 204, 400, 401, 403, 404, 405, 408,
	                                 409, 413, 422, 429, 502, 503, 504};

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i] == status)
			return true;
	return false;
}

static void check_head(struct span head, unsigned *status_out, bool *is_json_out)
{
	struct span line = fuzz_line(&head);

	assert(sscanf(line.ptr, "Status: %3u ", status_out) == 1 && is_status(*status_out));
	*is_json_out = false;
	while (head.len) {
		line = fuzz_line(&head);
		assert(line.len && line.ptr[line.len - 1] == '\r' && memchr(line.ptr, ':', line.len));
		for (size_t i = 0; i + 1 < line.len; i++)
			assert((unsigned char)line.ptr[i] >= 0x20 && line.ptr[i] != 0x7f);
		*is_json_out |= span_starts(line, SPAN("Content-Type: application/json"));
	}
}

static void check_answer(struct arena *a, struct span answer)
{
	const char         *end = memmem(answer.ptr, answer.len, "\r\n\r\n", 4);
	struct span         body;
	struct json_numbers numbers;
	unsigned            status;
	bool                is_json;

	assert(end);
	check_head((struct span){answer.ptr, (size_t)(end + 2 - answer.ptr)}, &status, &is_json);
	body = (struct span){end + 4, answer.len - (size_t)(end + 4 - answer.ptr)};
	assert((status != 204 && !now.is_head) || body.len == 0);
	if (is_json && !now.is_head)
		assert(!json_check(a, body, &numbers).what);
}

static struct span read_file(struct arena *a, int file)
{
	off_t len = lseek(file, 0, SEEK_END);
	char *bytes = arena_alloc_raw(a, (size_t)len + 1);

	assert(pread(file, bytes, (size_t)len, 0) == len);
	return (struct span){bytes, (size_t)len};
}

/* What was sent as output, of records that end with the request's. */
static struct span output_of(struct arena *a, struct span records)
{
	struct buf out = buf_new(a, 8 * ANSWER_MAX);
	unsigned   type = 0;

	while (records.len) {
		const unsigned char *at = (const unsigned char *)records.ptr;
		size_t               content, whole;

		assert(records.len >= HEADER_SIZE && at[0] == 1 && type != END);
		type = at[1];
		content = (size_t)at[4] << 8 | at[5];
		whole = HEADER_SIZE + content + at[6];
		assert(whole <= records.len && (type == OUT || type == ERRORS || type == END));
		if (type == OUT)
			buf_add(&out, records.ptr + HEADER_SIZE, content);
		records.ptr += whole;
		records.len -= whole;
	}
	assert(type == END);
	return buf_span(&out);
}

/* ---- the connection, which the Makefile has the linker lead here ---- */

int __wrap_conn_fd(const struct conn *c)
{
	(void)c;
	return now.answer;
}

int __wrap_conn_request_fd(const struct conn *c)
{
	(void)c;
	return now.request;
}

void __wrap_conn_was_read(struct conn *c)
{
	(void)c;
}

uint64_t __wrap_conn_since_ms(const struct conn *c)
{
	(void)c;
	return clock_mono_ms();
}

unsigned __wrap_conn_coming_ms(const struct conn *c)
{
	(void)c;
	return 0;
}

struct crew_job *__wrap_conn_job(struct conn *c)
{
	static struct crew_job job;

	(void)c;
	return &job;
}

enum refusal __wrap_conn_refusal(const struct conn *c)
{
	(void)c;
	return REFUSAL_NONE;
}

bool __wrap_conn_begin(struct conn *c, struct cancel *cancel)
{
	(void)c;
	(void)cancel;
	return true;
}

void __wrap_conn_limit(struct conn *c, unsigned ms)
{
	(void)c;
	(void)ms;
}

void __wrap_conn_end(struct conn *c, bool may_stay)
{
	(void)c;
	(void)may_stay;
}

/* libfcgi has closed the request's descriptor: it could make nothing of it. */
void __wrap_conn_lost(struct conn *c)
{
	(void)c;
	now.request = -1;
}

/* ---- one request ---- */

static void handle(struct transport *t)
{
	const char *address = t->param(t, "REMOTE_ADDR");

	if (now.has_address)
		assert(span_equal(span_of(address ? address : ""), now.address));
	now.is_head = str_equal(t->param(t, "REQUEST_METHOD"), "HEAD");
	now.handler(t);
	now.is_handled = true;
}

static int new_file(int file)
{
	if (file >= 0 && ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0)
		return file;
	return memfd_create("fuzz", MFD_CLOEXEC);
}

static void serve(struct arena *a, struct span records)
{
	static int conn; /* of which only the address is looked at */

	now.request = new_file(now.request);
	now.answer = new_file(now.answer);
	now.is_handled = false;
	assert(pwrite(now.request, records.ptr, records.len, 0) == (ssize_t)records.len);
	fcgi_serve((struct conn *)(void *)&conn, 1000, handle);
	if (now.is_handled)
		check_answer(a, output_of(a, read_file(a, now.answer)));
}

static void start(void)
{
	static bool is_started;

	if (is_started)
		return;
	is_started = true;
	now.request = now.answer = -1;
	programs_start();
}

/* As the dispatcher would judge it before it hands it on. */
static bool is_whole(struct span records)
{
	const unsigned char *bytes = (const unsigned char *)records.ptr;
	size_t               n = records.len < FCGI_HEAD_MAX ? records.len : FCGI_HEAD_MAX;
	struct fcgi_body     body;
	enum fcgi_head       head = fcgi_head(bytes, n, &body);

	if (head == FCGI_HEAD_UNSAID)
		fcgi_body_take(&body, bytes, records.len);
	return head == FCGI_HEAD_WHOLE || (head == FCGI_HEAD_UNSAID && body.is_whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ctx  cx = fuzz_begin();
	struct span rest = {(const char *)bytes, len}, name = fuzz_line(&rest);
	bool        is_raw = span_starts(name, SPAN("raw "));
	size_t      program;

	start();
	if (is_raw)
		name = (struct span){name.ptr + 4, name.len - 4};
	program = programs_find(name);
	now.addresses_n = 0;
	now.has_address = false;
	if (program < PROGRAMS_N) {
		now.handler = programs_handler(program);
		if (!is_raw)
			rest = records_of(cx.arena, rest);
		assert(is_raw || is_whole(rest));
		if (is_whole(rest))
			serve(cx.arena, rest);
	}
	return fuzz_end(&cx);
}
