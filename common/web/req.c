/* req.c -- one HTTP request over a transport, and its reply. */
#include "req.h"

#include "../base/crypto.h"
#include "../base/http_status.h"
#include "../base/json_in.h"
#include "../engines/slots.h"
#include "body_file.h"
#include "large_bodies.h"

#include <assert.h>
#include <ctype.h>

/* An error whose own words do not fit: JSON is never cut. */
#define WORDLESS_ERROR "{\"error\":\"Something went wrong.\",\"code\":\"internal\"}"

#define AGE_MS_MAX    60000u
#define HEADERS_MAX   16
#define CHUNK_BYTES   65536u
#define DESK_BYTES    65536u /* bodies up to that are read at once */
#define RETRY_SECONDS 1u     /* told where to wait is of use and nobody knows better */

/* Something to be done behind the answer. */
struct after {
	struct after *next;
	void (*fn)(struct ctx *cx, void *data);
	void *data;
};

struct req {
	struct ctx         *cx;
	struct transport   *t;
	struct span         body;
	const struct cJSON *root; /* of the body; NULL: it was not parsed */
	bool                has_body, has_room, is_sent;
	size_t              bytes_out; /* of the body */
	struct {
		const char *name, *value;
	} headers[HEADERS_MAX];
	size_t           headers_n;
	struct json_out *json; /* NULL: `reply` is complete */
	struct reply     reply;
	struct after    *after, **after_end;
};

/* Where large bodies are read, by their bytes. A large one does not keep a small one waiting, and
 * few are read at once. */
static struct slots desks = SLOTS_WITH_FRONT(2, (double)(2 << 20), (double)(8 << 20));

/* An id from outside goes into logs and headers: short, and of harmless characters. */
static bool is_sane_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i]))
			return false;
	return len > 0 && len <= CTX_ID_MAX;
}

static const char *param(const struct req *rq, const char *name)
{
	return rq->t->param(rq->t, name);
}

struct req *req_new(struct ctx *cx, struct transport *t)
{
	struct req *rq = NEW(cx->arena, struct req);
	const char *id = t->param(t, "HTTP_X_REQUEST_ID");

	rq->cx = cx;
	rq->t = t;
	rq->after_end = &rq->after;
	if (id && is_sane_id(id))
		memcpy(cx->id, id, strlen(id) + 1);
	else
		crypto_uuid(cx->id);
	trace_begin(&cx->trace, t->param(t, "HTTP_TRACEPARENT"));
	req_set_header(rq, "X-Request-Id", cx->id);
	return rq;
}

struct ctx *req_ctx(struct req *rq)
{
	return rq->cx;
}

static const char *param_or_empty(const struct req *rq, const char *name)
{
	const char *value = param(rq, name);

	return value ? value : "";
}

const char *req_method(const struct req *rq)
{
	return param_or_empty(rq, "REQUEST_METHOD");
}

const char *req_path_info(const struct req *rq)
{
	return param_or_empty(rq, "PATH_INFO");
}

const char *req_query(const struct req *rq)
{
	return param_or_empty(rq, "QUERY_STRING");
}

const char *req_client_ip(const struct req *rq)
{
	return param_or_empty(rq, "REMOTE_ADDR");
}

bool req_is_inside(const struct req *rq)
{
	return str_equal(param(rq, "SCRIBE_INSIDE"), "1");
}

const char *req_programs(const struct req *rq)
{
	return param_or_empty(rq, "SCRIBE_PROGRAMS");
}

uint64_t req_came_ms(const struct req *rq)
{
	return rq->t->since_ms - rq->t->coming_ms;
}

unsigned req_age_ms(const struct req *rq)
{
	const char *arrived = param_or_empty(rq, "REQUEST_ARRIVED");
	double      age_ms = *arrived ? (double)clock_unix_ms() - strtod(arrived, NULL) * 1000 : 0;

	age_ms -= rq->t->coming_ms;
	if (!(age_ms > 0))
		return 0;
	return age_ms < AGE_MS_MAX ? (unsigned)age_ms : AGE_MS_MAX;
}

enum refusal req_refusal(const struct req *rq)
{
	return rq->t->refusal;
}

const char *req_header(const struct req *rq, const char *name)
{
	struct buf  variable = buf_new(rq->cx->arena, 128);
	const char *value;

	buf_str(&variable, "HTTP_");
	for (; *name; name++)
		buf_char(&variable, *name == '-' ? '_' : (char)toupper((unsigned char)*name));
	value = param(rq, buf_text(&variable));
	return value && *value ? value : NULL;
}

bool req_accepts(const struct req *rq, const char *media_type)
{
	const char *accept = req_header(rq, "Accept");
	struct span rest = accept ? span_of(accept) : SPAN(""), item;

	while (str_next_item(&rest, &item)) {
		const char *semicolon = memchr(item.ptr, ';', item.len);

		if (semicolon)
			item.len = (size_t)(semicolon - item.ptr);
		if (span_equal_nocase(span_trim(item), span_of(media_type)))
			return true;
	}
	return false;
}

const char *req_content_type(const struct req *rq)
{
	return param_or_empty(rq, "CONTENT_TYPE");
}

/* As fetch() leaves an ArrayBuffer, and supabase-js a Blob, too. */
static bool is_any_bytes(struct span content_type)
{
	return !content_type.len || span_starts_nocase(content_type, SPAN("application/octet-stream"));
}

bool req_is_audio(const struct req *rq)
{
	struct span type = span_of(req_content_type(rq));

	return span_starts_nocase(type, SPAN("audio/")) ||
	       (is_any_bytes(type) && req_header(rq, HEADER_SESSION_ID));
}

/* ---- body ---- */

static void leave_room(void *data)
{
	struct req *rq = data;

	if (rq->has_room)
		large_body_leave(rq->cx);
	rq->has_room = false;
}

/* Who reads something sends none and tells no length. */
static bool has_no_body(const struct req *rq)
{
	const char *method = req_method(rq);

	return !*param_or_empty(rq, "CONTENT_LENGTH") &&
	       (str_equal(method, "GET") || str_equal(method, "HEAD"));
}

struct err *req_take_room(struct req *rq, size_t small_max)
{
	int64_t len;

	if (has_no_body(rq) ||
	    str_to_int(param_or_empty(rq, "CONTENT_LENGTH"), 0, (int64_t)small_max, &len))
		return NULL;
	TRY(large_body_enter(rq->cx));
	rq->has_room = true;
	arena_defer(rq->cx->arena, leave_room, rq);
	return NULL;
}

void req_let_go_of_body(struct req *rq, const char *text)
{
	if (text)
		arena_let_go(text, strlen(text));
	arena_let_go(rq->body.ptr, rq->body.len);
	leave_room(rq);
}

static struct err *body_too_large(struct req *rq, size_t max)
{
	FAIL(rq->cx, ERR_TOO_LARGE, "the body is larger than %zu bytes", max);
}

static size_t read_fully(struct req *rq, char *to, size_t want)
{
	size_t have = 0, n = 1;

	while (have < want && n) {
		n = rq->t->read(rq->t, to + have, want - have);
		have += n;
	}
	return have;
}

static struct err *read_announced(struct req *rq, size_t len)
{
	char  *body = arena_alloc_raw(rq->cx->arena, len + 1);
	size_t got = read_fully(rq, body, len);

	if (got < len)
		FAIL(rq->cx, ERR_INPUT, "the body ended after %zu of %zu bytes", got, len);
	body[len] = '\0';
	rq->body = (struct span){body, len};
	return NULL;
}

/* Without CONTENT_LENGTH (a shell's `program < body.json`) the end of input ends it. */
static struct err *read_to_end(struct req *rq, size_t max)
{
	struct buf all = buf_new(rq->cx->arena, max);
	char      *chunk = arena_alloc_raw(rq->cx->arena, CHUNK_BYTES);
	size_t     n;

	do {
		n = rq->t->read(rq->t, chunk, CHUNK_BYTES);
		buf_add(&all, chunk, n);
	} while (n && !all.is_full);
	if (all.is_full)
		return body_too_large(rq, max);
	rq->body = buf_span(&all);
	return NULL;
}

static struct err *read_large(struct req *rq, size_t max, const char *folder, int64_t announced)
{
	TRY(body_file_read(rq->cx, rq->t, max, folder, &rq->body));
	if (announced >= 0 && rq->body.len < (size_t)announced)
		FAIL(rq->cx, ERR_INPUT, "the body ended after %zu of %zu bytes", rq->body.len,
		     (size_t)announced);
	return NULL;
}

struct err *req_read_body(struct req *rq, size_t max, const char *folder)
{
	const char *announced = param(rq, "CONTENT_LENGTH");
	bool        is_announced = announced && *announced;
	int64_t     len = -1;

	if (rq->has_body)
		return NULL;
	rq->has_body = true;
	if (is_announced && !str_to_int(announced, 0, INT64_MAX, &len))
		FAIL(rq->cx, ERR_INPUT, "Content-Length is not a number");
	if (len > (int64_t)max)
		return body_too_large(rq, max);
	if (folder && rq->has_room)
		return read_large(rq, max, folder, len);
	return is_announced ? read_announced(rq, (size_t)len) : read_to_end(rq, max);
}

struct span req_body(const struct req *rq)
{
	return rq->body;
}

static struct err *parse_in_turn(struct req *rq)
{
	struct slot desk;
	struct err *e;

	TRY(slots_take(rq->cx, &desks, (double)rq->body.len, &desk));
	e = json_parse(rq->cx, rq->body, &rq->root);
	slots_give(&desks, desk, !e);
	return e;
}

struct err *req_json(struct req *rq, const struct cJSON **root_out)
{
	if (!rq->root && rq->body.len > DESK_BYTES)
		TRY(parse_in_turn(rq));
	if (!rq->root)
		TRY(json_parse(rq->cx, rq->body, &rq->root));
	*root_out = rq->root;
	return NULL;
}

/* ---- reply ---- */

void req_set_header(struct req *rq, const char *name, const char *value)
{
	assert(rq->headers_n < HEADERS_MAX);
	rq->headers[rq->headers_n].name = name;
	rq->headers[rq->headers_n].value = value;
	rq->headers_n++;
}

struct json_out *reply_json(struct req *rq, int status, size_t max)
{
	rq->json = json_new(rq->cx->arena, max);
	rq->reply = (struct reply){.status = status, .content_type = "application/json"};
	return rq->json;
}

struct err *reply_finish(struct req *rq)
{
	if (rq->json)
		TRY(json_finish(rq->cx, rq->json, &rq->reply.body));
	rq->json = NULL;
	return NULL;
}

void reply_bytes(struct req *rq, int status, const char *content_type, struct span body)
{
	rq->json = NULL;
	rq->reply = (struct reply){status, content_type, body};
}

/* What went wrong, for a person: only an error of the input tells its detail, and one that
 * names a field is of the input whatever its kind. */
static const char *error_sentence(struct req *rq, const struct err *e)
{
	bool may_tell = err_http_status(e->kind) == 400 || err_http_status(e->kind) == 413;

	if (e->words)
		return e->words->text;
	if (e->field)
		return arena_printf(rq->cx->arena, "%s: %s", e->field, e->detail);
	if (may_tell)
		return arena_printf(rq->cx->arena, "%s (%s)", err_text(e->kind), e->detail);
	return err_text(e->kind);
}

static void set_retry_after(struct req *rq, const struct err *e)
{
	int status = err_status(e);

	if (status != 429 && status != 503 && e->kind != ERR_CONFLICT)
		return;
	req_set_header(rq, "Retry-After",
	               arena_printf(rq->cx->arena, "%u",
	                            e->retry_after_ms ? (e->retry_after_ms + 999) / 1000
	                                              : RETRY_SECONDS));
}

static void tell_ours(struct json_out *j, struct req *rq, const struct err *e, bool with_success)
{
	if (with_success)
		json_bool(j, "success", false);
	json_str(j, "error", error_sentence(rq, e));
	json_str(j, "code", err_word(e));
	if (e->field)
		json_str(j, "field", e->field);
}

/* Of any version: `code` is the one of the newer, `error_code` and `msg` those of the older. Its
 * details are why a password is too weak. */
static void tell_auth(struct json_out *j, struct req *rq, const struct err *e)
{
	json_str(j, "code", err_word(e));
	json_str(j, "error_code", err_word(e));
	json_str(j, "message", error_sentence(rq, e));
	json_str(j, "msg", error_sentence(rq, e));
	if (!e->words || !e->words->details)
		return;
	json_obj(j, err_word(e));
	json_arr(j, "reasons");
	json_str(j, NULL, e->words->details);
	json_end(j);
	json_end(j);
}

static void tell_rest(struct json_out *j, struct req *rq, const struct err *e)
{
	json_str(j, "code", err_word(e));
	json_str(j, "message", error_sentence(rq, e));
	json_str(j, "details", e->words ? e->words->details : NULL);
	json_str(j, "hint", e->words ? e->words->hint : NULL);
}

static void tell_storage(struct json_out *j, struct req *rq, const struct err *e)
{
	json_str(j, "statusCode", arena_printf(rq->cx->arena, "%d", err_status(e)));
	json_str(j, "error", err_word(e));
	json_str(j, "message", error_sentence(rq, e));
}

struct span req_error_json(struct req *rq, const struct err *e, enum error_shape shape)
{
	struct json_out *j = json_new(rq->cx->arena, 0);
	struct span      json;

	json_obj(j, NULL);
	if (shape == ERRORS_AUTH)
		tell_auth(j, rq, e);
	else if (shape == ERRORS_REST)
		tell_rest(j, rq, e);
	else if (shape == ERRORS_STORAGE)
		tell_storage(j, rq, e);
	else
		tell_ours(j, rq, e, shape == ERRORS_WITH_SUCCESS);
	json_str(j, "request_id", rq->cx->id);
	json_end(j);
	return json_finish(rq->cx, j, &json) ? SPAN(WORDLESS_ERROR) : json;
}

void reply_error(struct req *rq, const struct err *e, enum error_shape shape)
{
	rq->after = NULL;
	set_retry_after(rq, e);
	reply_bytes(rq, err_status(e), "application/json", req_error_json(rq, e, shape));
}

struct reply req_reply(const struct req *rq)
{
	assert(!rq->json);
	return rq->reply;
}

static const char *reason(int status)
{
	static const struct {
		int         status;
		const char *text;
	} known[] = {
#define X(number, text) {number, text},
		HTTP_STATUSES(X)
#undef X
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].status == status)
			return known[i].text;
	return "";
}

bool req_is_sent(const struct req *rq)
{
	return rq->is_sent;
}

size_t req_bytes_out(const struct req *rq)
{
	return rq->bytes_out;
}

static bool send_head(struct req *rq, const struct reply *reply)
{
	struct buf head = buf_new(rq->cx->arena, 0);

	assert(!rq->is_sent && reply->status);
	rq->is_sent = true;
	buf_printf(&head, "Status: %d %s\r\n", reply->status, reason(reply->status));
	if (reply->content_type)
		buf_printf(&head, "Content-Type: %s\r\n", reply->content_type);
	for (size_t i = 0; i < rq->headers_n; i++)
		buf_printf(&head, "%s: %s\r\n", rq->headers[i].name, rq->headers[i].value);
	buf_str(&head, "\r\n");
	return rq->t->write(rq->t, buf_text(&head), head.len);
}

static bool send_bytes(struct req *rq, struct span bytes)
{
	rq->bytes_out += bytes.len;
	return rq->t->write(rq->t, bytes.ptr, bytes.len);
}

/* What HEAD asks for is a head. */
bool req_send(struct req *rq)
{
	struct reply reply = req_reply(rq);
	bool         is_head = str_equal(req_method(rq), "HEAD");

	return send_head(rq, &reply) && (is_head || send_bytes(rq, reply.body));
}

bool req_stream(struct req *rq, const char *content_type)
{
	reply_bytes(rq, 200, content_type, SPAN(""));
	rq->t->stall_ms = STREAM_STALL_MS;
	return send_head(rq, &rq->reply) && rq->t->flush(rq->t);
}

bool req_stream_piece(struct req *rq, struct span bytes)
{
	assert(rq->is_sent);
	return send_bytes(rq, bytes) && rq->t->flush(rq->t);
}

/* ---- behind the answer ---- */

void req_after(struct req *rq, void (*fn)(struct ctx *cx, void *data), void *data)
{
	struct after *after = NEW(rq->cx->arena, struct after);

	after->fn = fn;
	after->data = data;
	*rq->after_end = after;
	rq->after_end = &after->next;
}

void req_finish(struct req *rq, unsigned after_ms)
{
	rq->t->finish(rq->t);
	for (struct after *after = rq->after; after; after = after->next) {
		ctx_detach(rq->cx, after_ms);
		after->fn(rq->cx, after->data);
	}
}
