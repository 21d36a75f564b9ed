/* storage -- files in buckets, as the storage client of supabase-js asks for them.
 *
 * /storage/v1/
 *   GET    bucket, bucket/B                  the buckets
 *   POST   object/B/NAME                     put a file (a form or the bytes); PUT replaces one
 *   GET    object/B/NAME                     its bytes; HEAD; also object/authenticated/B/NAME
 *   GET    object/info/B/NAME                what is known of it
 *   POST   object/list/B                     what is in a folder
 *   POST   object/move, object/copy
 *   DELETE object/B/NAME, object/B           one, or those of a list
 *   POST   object/sign/B/NAME, object/sign/B a link to one, or to each of a list
 *   GET    object/sign/B/NAME?token=         what a link is for
 *   POST   object/upload/sign/B/NAME         a link to a place; PUT with ?token= puts a file there
 *   POST   exports                           a list of leads or sessions is made (a job)
 *
 * Who may what is the database's to say: each request is a transaction with the rights of who asks
 * (migrations/deploy/storage.sql). Bytes are read by nginx, which the answer sends there. */
#include "../../common/engines/engine_room.h"
#include "../../common/web/service.h"
#include "call.h"

#define BODY_MAX ((size_t)17 << 20) /* 16 MiB and the form around them */

struct route {
	const char *method;
	const char *path; /* with '/' behind it: BUCKET/NAME follows */
	struct err *(*handle)(struct call *c);
	bool is_by_link; /* who has it need not be anybody */
};

static struct err *no_public(struct call *c)
{
	return bucket_not_found(c->cx);
}

static struct err *no_transformation(struct call *c)
{
	return not_supported(c->cx, "Pictures are not transformed here; download the file as it is.");
}

static struct err *no_resuming(struct call *c)
{
	return not_supported(c->cx, "Resumable uploads are not supported; upload the file at once.");
}

static struct err *no_buckets(struct call *c)
{
	return not_supported(c->cx, "Buckets are not made, changed or removed by requests.");
}

static struct err *no_paging(struct call *c)
{
	return not_supported(c->cx, "Lists by cursor are not supported; use limit and offset.");
}

/* The first that fits is meant. */
static const struct route routes[] = {
	{"GET", "/object/public/", no_public, true},
	{"HEAD", "/object/public/", no_public, true},
	{"GET", "/object/sign/", get_by_link, true},
	{"HEAD", "/object/sign/", get_by_link, true},
	{"PUT", "/object/upload/sign/", put_by_link, true},
	{"POST", "/object/upload/sign/", make_place, false},
	{"POST", "/object/sign/", make_link, false},
	{"POST", "/object/list/", list_objects, false},
	{"POST", "/object/list-v2/", no_paging, false},
	{"POST", "/object/move", move_object, false},
	{"POST", "/object/copy", copy_object, false},
	{"GET", "/object/info/authenticated/", get_info, false},
	{"GET", "/object/info/", get_info, false},
	{"HEAD", "/object/info/", get_info, false},
	{"GET", "/object/authenticated/", get_object, false},
	{"HEAD", "/object/authenticated/", get_object, false},
	{"GET", "/object/", get_object, false},
	{"HEAD", "/object/", get_object, false},
	{"POST", "/object/", put_object, false},
	{"PUT", "/object/", put_object, false},
	{"DELETE", "/object/", remove_objects, false},
	{"GET", "/bucket/", list_buckets, false},
	{"GET", "/bucket", list_buckets, false},
	{"POST", "/bucket", no_buckets, false},
	{"POST", "/bucket/", no_buckets, false},
	{"PUT", "/bucket/", no_buckets, false},
	{"DELETE", "/bucket/", no_buckets, false},
	{"POST", "/exports", ask_for_export, false},
};

/* Whatever the method. */
static const struct route refused[] = {
	{NULL, "/render/", no_transformation, false},
	{NULL, "/upload/", no_resuming, false},
	{NULL, "/s3/", no_resuming, false},
};

static bool fits(const struct route *r, const char *method, const char *path)
{
	struct span is = span_of(r->path), asked = span_of(path);
	bool        has_more = is.ptr[is.len - 1] == '/';

	return (!r->method || str_equal(r->method, method)) &&
	       (has_more ? span_starts(asked, is) : span_equal(asked, is));
}

static const struct route *find_route(const char *method, const char *path)
{
	for (size_t i = 0; i < COUNT(routes); i++)
		if (fits(&routes[i], method, path))
			return &routes[i];
	for (size_t i = 0; i < COUNT(refused); i++)
		if (fits(&refused[i], method, path))
			return &refused[i];
	return NULL;
}

static struct err *storage(struct req *rq)
{
	struct ctx         *cx = req_ctx(rq);
	struct call        *c = NEW(cx->arena, struct call);
	const char         *path = req_path_info(rq);
	const struct route *route = find_route(req_method(rq), path);
	size_t              len;

	*c = (struct call){.rq = rq, .cx = cx, .bucket = "", .name = ""};
	if (!route)
		FAIL_WORDED(cx, ERR_NOT_FOUND, .status = 404, .code = "not_found",
		            .text = "There is no such endpoint.");
	if (!route->is_by_link)
		TRY(person_of(rq, &c->who));
	len = strlen(route->path);
	if (route->method && route->path[len - 1] == '/')
		TRY(call_take_path(c, path + len));
	return route->handle(c);
}

int main(int argc, char **argv)
{
	return service_main(argc, argv,
	                    &(struct service){.name = "storage",
	                                      .path = "/storage/v1",
	                                      .methods = METHOD_GET | METHOD_HEAD | METHOD_POST |
	                                                 METHOD_PUT | METHOD_DELETE,
	                                      .errors = ERRORS_STORAGE,
	                                      .serves_people = true,
	                                      .body_max = BODY_MAX,
	                                      .small_max = (size_t)1 << 20,
	                                      .bodies_folder = object_files_begun_folder,
	                                      .deadline_ms = 30000,
	                                      .rate_per_minute = 600,
	                                      .threads = 32,
	                                      .start = object_bytes_check,
	                                      .engines = &engine_room,
	                                      .settings =
	                                          (const struct cfg_group *const[]){OBJECT_SETTINGS},
	                                      .settings_n = 2,
	                                      .handle = storage});
}
