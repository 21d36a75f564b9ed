/* entry.c -- the members that storage-js's FileObject has. */
#include "entry.h"

static void tell_metadata(struct ctx *cx, struct json_out *j, const struct object *o)
{
	json_obj(j, "metadata");
	json_str(j, "eTag", arena_printf(cx->arena, "\"%s\"", o->etag));
	json_int(j, "size", o->size);
	json_str(j, "mimetype", o->type);
	json_str(j, "cacheControl", o->cache_control);
	json_str(j, "lastModified", o->updated_at);
	json_int(j, "contentLength", o->size);
	json_int(j, "httpStatusCode", 200);
	json_end(j);
}

void tell_entry(struct ctx *cx, struct json_out *j, const struct object *o)
{
	json_obj(j, NULL);
	json_str(j, "name", o->name);
	json_str(j, "id", o->id);
	if (o->id)
		json_str(j, "bucket_id", o->bucket);
	json_str(j, "updated_at", o->updated_at);
	json_str(j, "created_at", o->created_at);
	json_str(j, "last_accessed_at", o->updated_at);
	if (o->id)
		tell_metadata(cx, j, o);
	else
		json_null(j, "metadata");
	json_end(j);
}
