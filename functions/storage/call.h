/* call.h -- one request to the storage API: what it is about and who asks. */
#ifndef STORAGE_CALL_H
#define STORAGE_CALL_H

#include "../../common/store/objects.h"
#include "../../common/work/object_bytes.h"
#include "../../common/web/person.h"
#include "../../common/web/req.h"

struct call {
	struct req   *rq;
	struct ctx   *cx;
	struct person who;
	const char   *bucket; /* "" where the path names none */
	const char   *name;   /* of the object; "" where it names none */
};

/* Runs body(cx, data) in a transaction that knows who asks. */
struct err *call_tx(struct call *c, struct err *(*body)(struct ctx *cx, void *data),
                    void        *data) CHECKED;

/* Splits "BUCKET/NAME" into the call; both may be missing. ERR_INPUT: no name may be like that. */
struct err *call_take_path(struct call *c, const char *path) CHECKED;

/* Is it a name that an object may have? ERR_INPUT else. */
struct err *call_check_name(struct call *c, const char *name) CHECKED;

/* The path must name an object. */
struct err *call_wants_name(struct call *c) CHECKED;

/* A parameter of the query, decoded; NULL: it is not there. */
const char *call_query(struct call *c, const char *name);

/* What the API's clients know these by. */
struct err *object_not_found(struct ctx *cx) NEVER_NULL;
struct err *bucket_not_found(struct ctx *cx) NEVER_NULL;
struct err *object_is_there(struct ctx *cx) NEVER_NULL;
struct err *link_is_over(struct ctx *cx) NEVER_NULL;
struct err *not_supported(struct ctx *cx, const char *what) NEVER_NULL;

/* ---- the requests, each a handler ---- */

/* upload.c: bytes that come, in a form or by themselves. */
struct err *put_object(struct call *c) CHECKED; /* POST, and PUT in the place of another */
struct err *put_by_link(struct call *c) CHECKED;

/* download.c: bytes that go, through nginx, and what is known of them. */
struct err *get_object(struct call *c) CHECKED;
struct err *get_by_link(struct call *c) CHECKED;
struct err *get_info(struct call *c) CHECKED;

/* listing.c */
struct err *list_objects(struct call *c) CHECKED;
struct err *list_buckets(struct call *c) CHECKED;

/* changing.c */
struct err *move_object(struct call *c) CHECKED;
struct err *copy_object(struct call *c) CHECKED;
struct err *remove_objects(struct call *c) CHECKED;

/* links.c */
struct err *make_link(struct call *c) CHECKED; /* to one, or with no name in the path to many */
struct err *make_place(struct call *c) CHECKED;

/* exports.c */
struct err *ask_for_export(struct call *c) CHECKED;

#endif
