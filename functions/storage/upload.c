/* upload.c -- bytes that come: a form of storage-js, or the bytes by themselves. */
#include "../../common/base/base64.h"
#include "../../common/base/json_in.h"
#include "../../common/domain/files/file_type.h"
#include "../../common/domain/files/multipart.h"
#include "call.h"

#define METADATA_MAX 4096u /* jsonb, which takes 8192, writes blanks behind each : and , */
#define PARTS_MAX    8
#define CACHE_MAX    100u

/* What a request brings. */
struct brought {
	struct span bytes;
	bool        has_file;
	struct span type;          /* as the sender says */
	const char *cache_control; /* as the sender says */
	const char *metadata;      /* JSON; NULL: none */
};

/* "max-age=3600", or the seconds by themselves as in a form. */
static const char *cache_of(struct call *c, struct span given)
{
	int64_t     seconds;
	const char *text;

	if (given.len > CACHE_MAX)
		return "no-cache";
	text = arena_strndup(c->cx->arena, given.ptr, given.len);
	if (str_to_int(text, 0, INT32_MAX, &seconds))
		return arena_printf(c->cx->arena, "max-age=%s", text);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return "no-cache";
	return *text ? text : "no-cache";
}

static struct err *take_metadata(struct call *c, struct span json, struct brought *out)
{
	const struct cJSON *root;

	if (json.len == 0)
		return NULL;
	if (json.len <= METADATA_MAX && !json_parse(c->cx, json, &root) &&
	    json_type(root) == JSON_OBJECT) {
		struct span printed = json_print(c->cx, root);

		out->metadata = printed.ptr;
		if (json_stored_bytes(c->cx, printed) <= METADATA_MAX)
			return NULL;
	}
	FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "invalid_request",
	            .text = "The metadata is no JSON object of at most 4 kB.");
}

static struct err *take_part(struct call *c, const struct multipart_part *part, struct brought *out)
{
	/* storage-js calls the file "", curl and forms call it what they like. */
	bool is_file = part->file_name.len || part->type.len || part->name.len == 0;

	if (span_equal(part->name, SPAN("cacheControl")))
		out->cache_control = cache_of(c, part->body);
	else if (span_equal(part->name, SPAN("metadata")))
		return take_metadata(c, part->body, out);
	else if (is_file && !out->has_file) {
		out->bytes = part->body;
		out->type = part->type;
		out->has_file = true;
	}
	return NULL;
}

static struct err *take_form(struct call *c, struct span boundary, struct brought *out)
{
	struct multipart      form = {.rest = req_body(c->rq), .boundary = boundary};
	struct multipart_part part;
	enum multipart_found  found = MULTIPART_PART;

	for (int i = 0; i < PARTS_MAX && found == MULTIPART_PART; i++) {
		found = multipart_next(&form, &part);
		if (found == MULTIPART_PART)
			TRY(take_part(c, &part, out));
	}
	if (found != MULTIPART_END || !out->has_file)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "invalid_request",
		            .text = "The form is not whole, or has no file.");
	return NULL;
}

static struct err *take_metadata_header(struct call *c, struct brought *out)
{
	const char *header = req_header(c->rq, "X-Metadata");
	struct span text = header ? span_of(header) : SPAN("");
	char       *json = arena_alloc_raw(c->cx->arena, BASE64_DECODED_MAX(text.len) + 1);
	size_t      len;

	if (!base64_decode(text, json, &len))
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "invalid_request",
		            .text = "X-Metadata is no base64.");
	return take_metadata(c, (struct span){json, len}, out);
}

static struct err *take_bytes(struct call *c, struct brought *out)
{
	const char *cache = req_header(c->rq, "Cache-Control");

	out->bytes = req_body(c->rq);
	out->type = span_of(req_content_type(c->rq));
	out->cache_control = cache_of(c, cache ? span_of(cache) : SPAN(""));
	return take_metadata_header(c, out);
}

static struct err *take(struct call *c, struct brought *out)
{
	struct span type = span_of(req_content_type(c->rq));
	struct span boundary = multipart_boundary(type);

	out->cache_control = "no-cache";
	if (boundary.len)
		return take_form(c, boundary, out);
	if (span_starts_nocase(type, SPAN("multipart/")))
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "invalid_request",
		            .text = "The form has no boundary that could be used.");
	return take_bytes(c, out);
}

/* ---- storing ---- */

struct putting {
	struct call        *call;
	struct object_put   put;
	struct object_file  file;
	const struct hash  *link; /* NULL: who asks puts it there for themselves */
	enum object_refusal refusal;
	const char         *id;
};

static struct err *may_put(struct ctx *cx, struct putting *p, bool takes)
{
	return objects_may_put(cx, p->put.bucket, (int64_t)p->file.size, p->put.type, p->link, takes,
	                       &p->refusal);
}

static struct err *ask(struct ctx *cx, void *data)
{
	return may_put(cx, data, false);
}

/* Asked again: it is now that the room is taken. */
static struct err *store(struct ctx *cx, void *data)
{
	struct putting *p = data;

	TRY(may_put(cx, p, true));
	if (p->refusal != OBJECT_WELCOME)
		return NULL;
	if (p->link)
		return objects_put_by_link(cx, p->link, &p->put, &p->id);
	return objects_put(cx, &p->put, &p->id);
}

static struct err *refuse(struct call *c, const struct putting *p)
{
	switch (p->refusal) {
	case OBJECT_WELCOME:
		return NULL;
	case OBJECT_FORBIDDEN:
		if (p->link)
			return link_is_over(c->cx);
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 403, .code = "Unauthorized",
		            .text = "You may not put files there.");
	case OBJECT_NO_BUCKET:
		return bucket_not_found(c->cx);
	case OBJECT_TOO_LARGE:
		FAIL_WORDED(c->cx, ERR_TOO_LARGE, .status = 413, .code = "Payload too large",
		            .text = "The file is larger than the bucket takes.");
	case OBJECT_WRONG_TYPE:
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 415, .code = "invalid_mime_type",
		            .text = "The bucket takes no files of this type.");
	case OBJECT_NO_ROOM_FOR_YOU:
		FAIL_WORDED(c->cx, ERR_UNAVAILABLE, .status = 507, .code = "insufficient_storage",
		            .text = "Your files have all the room they may have; remove some.");
	case OBJECT_NO_ROOM:
		break;
	}
	FAIL_WORDED(c->cx, ERR_UNAVAILABLE, .status = 507, .code = "insufficient_storage",
	            .text = "There is no room for this file.");
}

static void write_key(struct call *c, const struct putting *p)
{
	struct json_out *j = reply_json(c->rq, 200, 0);

	json_obj(j, NULL);
	json_str(j, "Id", p->id);
	json_str(j, "Key", arena_printf(c->cx->arena, "%s/%s", p->put.bucket, p->put.name));
	json_end(j);
}

/* The bytes are on the disk before a row tells of them, and go again if none does. Where nobody
 * knows whether one does, they stay; if none does, they are found (work/object_upkeep.h). */
static struct err *keep(struct call *c, const struct brought *in, struct putting *p)
{
	struct err *e;

	p->file.size = in->bytes.len;
	TRY(call_tx(c, ask, p));
	TRY(refuse(c, p));
	TRY(object_bytes_keep(c->cx, in->bytes, &p->file));
	p->put.file = &p->file;
	e = call_tx(c, store, p);
	if (!e || !e->uncertain) {
		if (e || !p->id)
			(void)!object_bytes_remove(c->cx, p->file.version);
	}
	TRY(e);
	TRY(refuse(c, p));
	if (!p->id)
		return object_is_there(c->cx);
	write_key(c, p);
	return NULL;
}

static struct err *bring(struct call *c, struct putting *p)
{
	struct brought in = {.metadata = NULL};
	char          *type = arena_alloc(c->cx->arena, FILE_TYPE_MAX + 32);

	TRY(take(c, &in));
	p->put.bucket = c->bucket;
	p->put.name = c->name;
	p->put.type = file_type_of(in.bytes, in.type, type);
	p->put.cache_control = in.cache_control;
	p->put.metadata = in.metadata;
	return keep(c, &in, p);
}

struct err *put_object(struct call *c)
{
	const char    *upsert = req_header(c->rq, "X-Upsert");
	struct putting p = {.put = {.owner = c->who.id}};

	TRY(call_wants_name(c));
	p.put.is_upsert = str_equal(req_method(c->rq), "PUT") || str_equal(upsert, "true");
	return bring(c, &p);
}

struct at_place {
	const struct hash *hash;
	const char        *bucket, *name;
	bool               is_found;
};

static struct err *find_place(struct ctx *cx, void *data)
{
	struct at_place *at = data;

	return objects_linked_place(cx, at->hash, &at->bucket, &at->name, &at->is_found);
}

struct err *put_by_link(struct call *c)
{
	const char     *token = call_query(c, "token");
	struct hash     hash = object_link_hash(token ? token : "");
	struct at_place at = {.hash = &hash};
	struct putting  p = {.link = &hash};

	TRY(call_wants_name(c));
	TRY(call_tx(c, find_place, &at));
	if (!at.is_found || !str_equal(at.bucket, c->bucket) || !str_equal(at.name, c->name))
		return link_is_over(c->cx);
	return bring(c, &p);
}
