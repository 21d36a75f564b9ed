/* call.c -- what the requests share. */
#include "call.h"

#include "../../common/db/db.h"
#include "../../common/domain/files/object_name.h"
#include "../../common/store/access.h"

struct tx {
	const struct person *who;
	struct err *(*body)(struct ctx *cx, void *data);
	void *data;
};

static struct err *in_tx(struct ctx *cx, void *data)
{
	const struct tx     *tx = data;
	struct person_claims claims = person_claims(tx->who);

	TRY(access_set(cx, &claims));
	return tx->body(cx, tx->data);
}

struct err *call_tx(struct call *c, struct err *(*body)(struct ctx *cx, void *data), void *data)
{
	struct tx tx = {.who = &c->who, .body = body, .data = data};

	return db_tx(c->cx, in_tx, &tx);
}

struct err *call_check_name(struct call *c, const char *name)
{
	const char *fault = object_name_fault(span_of(name));

	if (fault)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "InvalidKey", .text = fault);
	return NULL;
}

struct err *call_take_path(struct call *c, const char *path)
{
	const char *slash = strchr(path, '/');
	size_t      len = slash ? (size_t)(slash - path) : strlen(path);

	if (len > BUCKET_NAME_MAX)
		return bucket_not_found(c->cx);
	c->bucket = arena_strndup(c->cx->arena, path, len);
	c->name = slash ? slash + 1 : "";
	return *c->name ? call_check_name(c, c->name) : NULL;
}

struct err *call_wants_name(struct call *c)
{
	return call_check_name(c, c->name);
}

/* ---- the query ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *decoded(struct call *c, struct span s)
{
	char  *out = arena_alloc_raw(c->cx->arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high = i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
		int low = i + 2 < s.len ? hex_digit(s.ptr[i + 2]) : -1;

		if (s.ptr[i] == '%' && high >= 0 && low >= 0) {
			out[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[n++] = s.ptr[i] == '+' ? ' ' : s.ptr[i];
		}
	}
	out[n] = '\0';
	return out;
}

const char *call_query(struct call *c, const char *name)
{
	const char *at = req_query(c->rq);

	while (*at) {
		size_t      len = strcspn(at, "&");
		struct span item = {at, len}, key = {at, strcspn(at, "=&")};

		if (span_equal(key, span_of(name)))
			return key.len == len
			           ? ""
			           : decoded(c, (struct span){item.ptr + key.len + 1, len - key.len - 1});
		at += len + (at[len] == '&');
	}
	return NULL;
}

/* ---- errors ---- */

struct err *object_not_found(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_NOT_FOUND, .status = 404, .code = "not_found", .text = "Object not found");
}

struct err *bucket_not_found(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_NOT_FOUND, .status = 404, .code = "Bucket not found",
	            .text = "Bucket not found");
}

struct err *object_is_there(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_CONFLICT, .status = 409, .code = "Duplicate",
	            .text = "The resource already exists");
}

struct err *link_is_over(struct ctx *cx)
{
	FAIL_WORDED(cx, ERR_INPUT, .status = 400, .code = "InvalidSignature",
	            .text = "This link is not valid, or not any more.");
}

struct err *not_supported(struct ctx *cx, const char *what)
{
	FAIL_WORDED(cx, ERR_INPUT, .status = 400, .code = "not_supported", .text = what);
}
