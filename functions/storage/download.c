/* download.c -- bytes that go. They are read by nginx, which serves parts of them (Range), knows
 * what has not changed (ETag), and takes no thread of ours for it. */
#include "../../common/base/unicode.h"
#include "../../common/domain/files/file_type.h"
#include "../../common/domain/files/object_name.h"
#include "call.h"

#define INSIDE "/_storage/" /* of nginx, nobody else's (nginx/snippets/storage.conf) */

struct finding {
	struct call       *call;
	const struct hash *link;
	struct object      object;
	bool               is_found;
};

static struct err *find(struct ctx *cx, void *data)
{
	struct finding *f = data;

	return objects_find(cx, f->call->bucket, f->call->name, &f->object, &f->is_found);
}

/* HEAD shows nothing of it. */
static struct err *tell(struct ctx *cx, const struct finding *f)
{
	if (!f->is_found || !str_equal(req_method(f->call->rq), "GET"))
		return NULL;
	return objects_audit(cx, "file_read", &f->object, 1, f->link);
}

static struct err *open_found(struct ctx *cx, void *data)
{
	TRY(find(cx, data));
	return tell(cx, data);
}

static struct err *find_linked(struct ctx *cx, void *data)
{
	struct finding *f = data;

	TRY(objects_linked(cx, f->link, &f->object, &f->is_found));
	f->is_found = f->is_found && str_equal(f->object.bucket, f->call->bucket) &&
	              str_equal(f->object.name, f->call->name);
	return tell(cx, f);
}

/* What may stand in quotes in a header as it is. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

static bool is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
	       c == '-' || c == '_';
}

/* The name in two forms (RFC 6266): for those who know no other, and whole. */
static const char *disposition(struct call *c, const char *kind, const char *name)
{
	struct buf  b = buf_new(c->cx->arena, 16384);
	struct span last = object_name_last(span_of(name));

	buf_printf(&b, "%s; filename=\"", kind);
	for (size_t i = 0; i < last.len; i++)
		buf_char(&b, is_plain((unsigned char)last.ptr[i]) ? last.ptr[i] : '_');
	buf_str(&b, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < last.len; i++) {
		if (is_token((unsigned char)last.ptr[i]))
			buf_char(&b, last.ptr[i]);
		else
			buf_printf(&b, "%%%02X", (unsigned char)last.ptr[i]);
	}
	return buf_text(&b);
}

/* What a browser could run is saved, whoever asks for it to be shown. */
static const char *disposition_of(struct call *c, const struct object *o)
{
	const char *wanted = call_query(c, "download");

	if (wanted)
		return disposition(c, "attachment", *wanted && strlen(wanted) <= 200 ? wanted : o->name);
	if (file_type_is_shown(span_of(o->type)))
		return disposition(c, "inline", o->name);
	return disposition(c, "attachment", o->name);
}

static struct err *send(struct call *c, const struct object *o)
{
	TRY(object_bytes_fetch(c->cx, o->version, o->etag));
	req_set_header(c->rq, "X-Accel-Redirect",
	               arena_printf(c->cx->arena, INSIDE "%s", object_file_place(c->cx, o->version)));
	req_set_header(c->rq, "Content-Disposition", disposition_of(c, o));
	reply_bytes(c->rq, 200, o->type, SPAN(""));
	return NULL;
}

struct err *get_object(struct call *c)
{
	struct finding f = {.call = c};

	TRY(call_wants_name(c));
	TRY(call_tx(c, open_found, &f));
	return f.is_found ? send(c, &f.object) : object_not_found(c->cx);
}

struct err *get_by_link(struct call *c)
{
	const char    *token = call_query(c, "token");
	struct hash    hash = object_link_hash(token ? token : "");
	struct finding f = {.call = c, .link = &hash};

	TRY(call_wants_name(c));
	TRY(call_tx(c, find_linked, &f));
	if (!f.is_found)
		return link_is_over(c->cx);
	return send(c, &f.object);
}

struct err *get_info(struct call *c)
{
	struct finding   f = {.call = c};
	struct json_out *j;

	TRY(call_wants_name(c));
	TRY(call_tx(c, find, &f));
	if (!f.is_found)
		return object_not_found(c->cx);
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "id", f.object.id);
	json_str(j, "name", f.object.name);
	json_str(j, "version", f.object.version);
	json_str(j, "bucket_id", f.object.bucket);
	json_int(j, "size", f.object.size);
	json_str(j, "content_type", f.object.type);
	json_str(j, "cache_control", f.object.cache_control);
	json_str(j, "etag", arena_printf(c->cx->arena, "\"%s\"", f.object.etag));
	json_raw(j, "metadata", span_of(f.object.metadata));
	json_str(j, "last_modified", f.object.updated_at);
	json_str(j, "created_at", f.object.created_at);
	json_str(j, "updated_at", f.object.updated_at);
	json_end(j);
	return NULL;
}
