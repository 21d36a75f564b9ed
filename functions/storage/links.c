/* links.c -- a link opens one object, or one place to put one, for whoever has it, until it is
 * over. */
#include "../../common/base/json_in.h"
#include "../../common/web/input.h"
#include "call.h"

#define LINKS_MAX   500
#define LINKS_BYTES ((size_t)2 << 20)

struct in {
	int64_t             expiresIn;
	const struct cJSON *paths, *transform;
};

static const struct input_field fields[] = {
	INPUT_INT(in, expiresIn, .is_required = true, .min = 1, .max = OBJECT_LINK_SECONDS_MAX),
	INPUT_NODE(in, paths),
	INPUT_NODE(in, transform),
};

struct linking {
	const char    *bucket, *made_by;
	const char   **names;
	size_t         n;
	int64_t        seconds;
	struct object *found;  /* of the names, in their order; without id: it is not there */
	const char   **tokens; /* beside them */
};

/* Those that are there for who asks. */
static struct err *link_all(struct ctx *cx, void *data)
{
	struct linking *l = data;
	struct object  *linked = NEW_ARRAY(cx->arena, struct object, l->n + 1);
	struct hash    *hashes = NEW_ARRAY(cx->arena, struct hash, l->n + 1);
	size_t          n = 0;

	l->found = NEW_ARRAY(cx->arena, struct object, l->n + 1);
	l->tokens = NEW_ARRAY(cx->arena, const char *, l->n + 1);
	for (size_t i = 0; i < l->n; i++) {
		bool is_found;

		TRY(objects_find(cx, l->bucket, l->names[i], &l->found[i], &is_found));
		if (!is_found)
			continue;
		l->tokens[i] = object_link_new(cx, &hashes[n]);
		linked[n++] = l->found[i];
	}
	if (!n)
		return NULL;
	TRY(objects_link(cx, linked, hashes, n, l->seconds, l->made_by));
	return objects_audit(cx, "file_linked", linked, n, NULL);
}

/* As it stands in an address: what else than letters and digits is in a name is encoded once by the
 * client, which takes this for a plain path. */
static const char *address(struct call *c, const char *kind, const char *name, const char *token)
{
	return arena_printf(c->cx->arena, "/object/%s/%s/%s?token=%s", kind, c->bucket, name, token);
}

static struct err *link_one(struct call *c, struct linking *l)
{
	struct json_out *j;

	l->names = &c->name;
	l->n = 1;
	TRY(call_tx(c, link_all, l));
	if (!l->tokens[0])
		return object_not_found(c->cx);
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "signedURL", address(c, "sign", c->name, l->tokens[0]));
	json_end(j);
	return NULL;
}

static struct err *read_paths(struct call *c, const struct cJSON *paths, struct linking *l)
{
	if (!paths || json_type(paths) != JSON_ARRAY || json_count(paths) > LINKS_MAX)
		FAIL_FIELD(c->cx, "paths", "is no list of at most %d names", LINKS_MAX);
	l->names = NEW_ARRAY(c->cx->arena, const char *, json_count(paths) + 1);
	for (const struct cJSON *item = json_first(paths); item; item = json_next(item)) {
		if (json_type(item) != JSON_STRING)
			FAIL_FIELD(c->cx, "paths", "has something that is no name");
		l->names[l->n++] = json_text_at(item, "");
	}
	return NULL;
}

static struct err *link_many(struct call *c, const struct cJSON *paths, struct linking *l)
{
	struct json_out *j;

	TRY(read_paths(c, paths, l));
	TRY(call_tx(c, link_all, l));
	j = reply_json(c->rq, 200, LINKS_BYTES);
	json_arr(j, NULL);
	for (size_t i = 0; i < l->n; i++) {
		json_obj(j, NULL);
		json_str(j, "error",
		         l->tokens[i] ? NULL
		                      : "Either the object does not exist or you do not "
		                        "have access to it");
		json_str(j, "path", l->names[i]);
		json_str(j, "signedURL",
		         l->tokens[i] ? address(c, "sign", l->names[i], l->tokens[i]) : NULL);
		json_end(j);
	}
	json_end(j);
	return NULL;
}

struct err *make_link(struct call *c)
{
	struct in      in = {.paths = NULL};
	struct linking l = {.bucket = c->bucket, .made_by = c->who.id};

	TRY(input_parse(c->rq, fields, COUNT(fields), &in));
	if (in.transform)
		return not_supported(c->cx, "Pictures are not transformed here; leave `transform` out.");
	l.seconds = in.expiresIn;
	return *c->name ? link_one(c, &l) : link_many(c, in.paths, &l);
}

/* ---- a place ---- */

struct placing {
	struct call        *call;
	bool                is_upsert, is_taken;
	struct hash         hash;
	enum object_refusal refusal;
};

/* Whether a file fits is found out when it comes. */
static struct err *link_place(struct ctx *cx, void *data)
{
	struct placing *p = data;
	struct call    *c = p->call;
	struct object   there;

	TRY(objects_may_put(cx, c->bucket, 0, "application/octet-stream", NULL, false, &p->refusal));
	if (p->refusal == OBJECT_FORBIDDEN || p->refusal == OBJECT_NO_BUCKET)
		return NULL;
	TRY(objects_find(cx, c->bucket, c->name, &there, &p->is_taken));
	if (p->is_taken && !p->is_upsert)
		return NULL;
	return objects_link_place(cx, c->bucket, c->name, p->is_upsert, &p->hash, c->who.id);
}

struct err *make_place(struct call *c)
{
	struct placing   p = {.call = c, .is_upsert = str_equal(req_header(c->rq, "X-Upsert"), "true")};
	const char      *token = object_link_new(c->cx, &p.hash);
	struct json_out *j;

	TRY(call_wants_name(c));
	TRY(call_tx(c, link_place, &p));
	if (p.refusal == OBJECT_FORBIDDEN)
		FAIL_WORDED(c->cx, ERR_INPUT, .status = 403, .code = "Unauthorized",
		            .text = "You may not put files there.");
	if (p.refusal == OBJECT_NO_BUCKET)
		return bucket_not_found(c->cx);
	if (p.is_taken && !p.is_upsert)
		return object_is_there(c->cx);
	j = reply_json(c->rq, 200, 0);
	json_obj(j, NULL);
	json_str(j, "url", address(c, "upload/sign", c->name, token));
	json_str(j, "token", token);
	json_end(j);
	return NULL;
}
