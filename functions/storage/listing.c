/* listing.c -- what is in a folder, and the buckets. */
#include "../../common/domain/files/object_name.h"
#include "../../common/web/input.h"
#include "call.h"
#include "entry.h"

#define LIST_MAX   1000
#define LIST_USUAL 100
#define OFFSET_MAX 1000000
#define LIST_BYTES ((size_t)2 << 20)

struct in {
	const char         *prefix, *search;
	int64_t             limit, offset;
	const struct cJSON *sortBy;
};

static const struct input_field fields[] = {
	INPUT_TEXT(in, prefix, .may_be_blank = true, .max = OBJECT_NAME_MAX),
	INPUT_TEXT(in, search, .may_be_blank = true, .max = OBJECT_NAME_MAX),
	INPUT_INT(in, limit, .min = 1, .max = LIST_MAX),
	INPUT_INT(in, offset, .min = 0, .max = OFFSET_MAX),
	INPUT_NODE(in, sortBy, .is_object = true),
};

struct listing {
	struct object_listing list;
	bool                  has_bucket;
	struct object        *objects;
	size_t                n;
};

static struct err *list(struct ctx *cx, void *data)
{
	struct listing *l = data;

	TRY(objects_bucket_exists(cx, l->list.bucket, &l->has_bucket));
	return objects_list(cx, &l->list, &l->objects, &l->n);
}

static struct err *sort_as(struct call *c, const struct cJSON *sort_by, struct object_listing *out)
{
	static const char *const columns[] = {"name", "created_at", "updated_at"};
	const char              *by = json_text_at(sort_by, "column");

	out->by = NULL;
	out->is_descending = str_equal(json_text_at(sort_by, "order"), "desc");
	if (!by)
		by = "name";
	if (str_equal(by, "last_accessed_at"))
		by = "updated_at"; /* nobody notes who has looked at a file, and when */
	for (size_t i = 0; i < COUNT(columns); i++)
		if (str_equal(by, columns[i]))
			out->by = columns[i];
	if (!out->by)
		return not_supported(c->cx, "Lists are sorted by name, created_at or updated_at.");
	return NULL;
}

/* "folder" and "folder/" are the same. */
static struct err *folder_of(struct call *c, const char *prefix, const char **out)
{
	size_t len;

	while (*prefix == '/')
		prefix++;
	len = strlen(prefix);
	if (object_folder_fault((struct span){prefix, len}))
		return not_supported(c->cx, "There can be no folder of that name.");
	*out = len && prefix[len - 1] != '/' ? arena_printf(c->cx->arena, "%s/", prefix) : prefix;
	return NULL;
}

struct err *list_objects(struct call *c)
{
	struct in        in = {.prefix = "", .search = "", .limit = LIST_USUAL};
	struct listing   l = {.list = {.bucket = c->bucket}};
	struct json_out *j;

	if (*c->name)
		return not_supported(c->cx, "The folder belongs into the body, as prefix.");
	TRY(input_parse(c->rq, fields, COUNT(fields), &in));
	TRY(folder_of(c, in.prefix, &l.list.folder));
	TRY(sort_as(c, in.sortBy, &l.list));
	l.list.begins = in.search;
	l.list.limit = (int)in.limit;
	l.list.offset = (int)in.offset;
	TRY(call_tx(c, list, &l));
	j = reply_json(c->rq, 200, LIST_BYTES);
	json_arr(j, NULL);
	for (size_t i = 0; l.has_bucket && i < l.n; i++)
		tell_entry(c->cx, j, &l.objects[i]);
	json_end(j);
	return NULL;
}

/* ---- buckets ---- */

struct buckets {
	const char    *id;
	struct bucket *at;
	size_t         n;
};

static struct err *find_buckets(struct ctx *cx, void *data)
{
	struct buckets *b = data;

	return objects_buckets(cx, b->id, &b->at, &b->n);
}

static void tell_bucket(struct json_out *j, const struct bucket *b)
{
	json_obj(j, NULL);
	json_str(j, "id", b->id);
	json_str(j, "name", b->id);
	json_str(j, "owner", "");
	json_bool(j, "public", false);
	json_int(j, "file_size_limit", b->size_max);
	json_raw(j, "allowed_mime_types", span_of(b->types));
	json_str(j, "type", "STANDARD");
	json_str(j, "created_at", b->created_at);
	json_str(j, "updated_at", b->updated_at);
	json_end(j);
}

struct err *list_buckets(struct call *c)
{
	struct buckets   b = {.id = *c->bucket ? c->bucket : NULL};
	struct json_out *j;

	TRY(call_tx(c, find_buckets, &b));
	if (b.id && (b.n == 0 || *c->name))
		return bucket_not_found(c->cx);
	j = reply_json(c->rq, 200, 0);
	if (b.id) {
		tell_bucket(j, &b.at[0]);
		return NULL;
	}
	json_arr(j, NULL);
	for (size_t i = 0; i < b.n; i++)
		tell_bucket(j, &b.at[i]);
	json_end(j);
	return NULL;
}
