/* changing.c -- files are renamed, copied and removed. */
#include "../../common/domain/files/object_name.h"
#include "../../common/web/input.h"
#include "call.h"
#include "entry.h"

#define REMOVE_MAX   1000
#define REMOVE_BYTES ((size_t)2 << 20)

struct in {
	const char *bucketId, *sourceKey, *destinationKey, *destinationBucket;
};

/* clang-format off */
static const struct input_field fields[] = {
	INPUT_TEXT(in, bucketId, .is_required = true, .max = BUCKET_NAME_MAX),
	INPUT_TEXT(in, sourceKey, .is_required = true, .max = OBJECT_NAME_MAX),
	INPUT_TEXT(in, destinationKey, .is_required = true, .max = OBJECT_NAME_MAX),
	INPUT_TEXT(in, destinationBucket, .max = BUCKET_NAME_MAX),
};
/* clang-format on */

struct renaming {
	struct in           in;
	const char         *owner;
	bool                is_found, has_bucket;
	struct object       object;
	struct object_file  file;
	enum object_refusal refusal;
	const char         *id;
};

/* What is to be forgotten with somebody is found by its bucket, or by its session, which a copy
 * does not have; and a recording by its name. */
static struct err *check_stays(struct call *c, const struct renaming *r, bool is_copy)
{
	bool leaves = is_copy || !str_equal(r->in.destinationBucket, r->in.bucketId);

	if (str_equal(r->in.bucketId, "audio") || (leaves && str_equal(r->in.bucketId, "exports")))
		return not_supported(c->cx, "Recordings are neither moved nor copied, and exports stay in "
		                            "their bucket, once: they go when a visitor is forgotten.");
	return NULL;
}

static struct err *read_names(struct call *c, struct renaming *r, bool is_copy)
{
	TRY(input_parse(c->rq, fields, COUNT(fields), &r->in));
	if (!r->in.destinationBucket)
		r->in.destinationBucket = r->in.bucketId;
	r->owner = c->who.id;
	TRY(call_check_name(c, r->in.sourceKey));
	TRY(call_check_name(c, r->in.destinationKey));
	return check_stays(c, r, is_copy);
}

/* What may be put there may be moved there. */
static struct err *find(struct ctx *cx, struct renaming *r, bool takes)
{
	TRY(objects_find(cx, r->in.bucketId, r->in.sourceKey, &r->object, &r->is_found));
	if (!r->is_found)
		return NULL;
	return objects_may_put(cx, r->in.destinationBucket, r->object.size, r->object.type, NULL, takes,
	                       &r->refusal);
}

static struct err *move(struct ctx *cx, void *data)
{
	struct renaming *r = data;

	TRY(find(cx, r, true));
	if (!r->is_found || r->refusal != OBJECT_WELCOME)
		return NULL;
	return objects_move(cx, &r->object, r->in.destinationBucket, r->in.destinationKey,
	                    &r->is_found);
}

static struct err *look(struct ctx *cx, void *data)
{
	return find(cx, data, false);
}

static struct err *copy(struct ctx *cx, void *data)
{
	struct renaming *r = data;

	TRY(find(cx, r, true));
	if (!r->is_found || r->refusal != OBJECT_WELCOME)
		return NULL;
	return objects_put(cx,
	                   &(struct object_put){.bucket = r->in.destinationBucket,
	                                        .name = r->in.destinationKey,
	                                        .file = &r->file,
	                                        .type = r->object.type,
	                                        .cache_control = r->object.cache_control,
	                                        .metadata = r->object.metadata,
	                                        .owner = r->owner},
	                   &r->id);
}

static struct err *outcome(struct call *c, const struct renaming *r)
{
	if (!r->is_found)
		return object_not_found(c->cx);
	if (r->refusal == OBJECT_FORBIDDEN)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 403, .code = "Unauthorized",
		            .text = "You may not change files there.");
	if (r->refusal == OBJECT_NO_BUCKET)
		return bucket_not_found(c->cx);
	if (r->refusal != OBJECT_WELCOME)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 400, .code = "invalid_request",
		            .text =
		                "The file does not fit there: its size, its type, or the room there is.");
	return NULL;
}

struct err *move_object(struct call *c)
{
	struct renaming  r = {.owner = NULL};
	struct json_out *j;
	struct err      *e;

	TRY(read_names(c, &r, false));
	e = call_tx(c, move, &r);
	if (e && e->kind == ERR_CONFLICT)
		return object_is_there(c->cx);
	TRY(e);
	TRY(outcome(c, &r));
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "message", "Successfully moved");
	json_end(j);
	return NULL;
}

/* A copy shares its bytes with what it was made from, and is counted as if it did not. */
struct err *copy_object(struct call *c)
{
	struct renaming  r = {.owner = NULL};
	struct json_out *j;
	struct err      *e;

	TRY(read_names(c, &r, true));
	TRY(call_tx(c, look, &r));
	TRY(outcome(c, &r));
	TRY(object_bytes_copy(c->cx, r.object.version, r.object.etag, &r.file));
	r.file.size = (size_t)r.object.size;
	snprintf(r.file.etag, sizeof(r.file.etag), "%s", r.object.etag);
	e = call_tx(c, copy, &r);
	if (!r.id && !(e && e->uncertain))
		(void)!object_bytes_remove(c->cx, r.file.version);
	TRY(e);
	TRY(outcome(c, &r));
	if (!r.id)
		return object_is_there(c->cx);
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "Id", r.id);
	json_str(j, "Key",
	         arena_printf(c->cx->arena, "%s/%s", r.in.destinationBucket, r.in.destinationKey));
	json_end(j);
	return NULL;
}

/* ---- removing ---- */

struct removal {
	const char    *bucket, *names; /* a JSON list */
	struct object *gone;
	size_t         n;
};

static struct err *remove_named(struct ctx *cx, void *data)
{
	struct removal *r = data;

	return objects_remove(cx, r->bucket, r->names, &r->gone, &r->n);
}

static struct err *read_prefixes(struct call *c, struct removal *r)
{
	const struct cJSON *root, *list;

	TRY(req_json(c->rq, &root));
	list = json_at(root, "prefixes");
	if (!list || json_type(list) != JSON_ARRAY || json_count(list) > REMOVE_MAX)
		FAIL_FIELD(c->cx, "prefixes", "is no list of at most %d names", REMOVE_MAX);
	for (const struct cJSON *item = json_first(list); item; item = json_next(item))
		if (json_type(item) != JSON_STRING)
			FAIL_FIELD(c->cx, "prefixes", "has something that is no name");
	r->names = json_print(c->cx, list).ptr;
	return NULL;
}

static struct err *remove_one(struct call *c, struct removal *r)
{
	struct json_out *j;

	TRY(json_texts(c->cx, &c->name, 1, &r->names));
	TRY(call_tx(c, remove_named, r));
	if (r->n == 0)
		return object_not_found(c->cx);
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "message", "Successfully deleted");
	json_end(j);
	return NULL;
}

/* What is not there for who asks is left out. */
struct err *remove_objects(struct call *c)
{
	struct removal   r = {.bucket = c->bucket};
	struct json_out *j;

	if (*c->name)
		return remove_one(c, &r);
	TRY(read_prefixes(c, &r));
	TRY(call_tx(c, remove_named, &r));
	j = reply_json(c->rq, 200, REMOVE_BYTES);
	json_arr(j, NULL);
	for (size_t i = 0; i < r.n; i++)
		tell_entry(c->cx, j, &r.gone[i]);
	json_end(j);
	return NULL;
}
