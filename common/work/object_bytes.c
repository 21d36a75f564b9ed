/* object_bytes.c -- a disk, and perhaps a bucket behind it. */
#include "object_bytes.h"

#include "../base/log.h"
#include "../base/str.h"
#include "../call/http_client.h"
#include "../store/objects.h"

#define BUCKET_MS     15000u
#define CONNECT_MS    3000u
#define ASKED_AT_ONCE 20u /* for one folder in one sweep, which must not take for ever */

static struct bucket_values {
	const char *url, *region, *key_id, *secret;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_STR(bucket_values, key_id, "STORAGE_S3_KEY_ID", .help = "who signs, for the bucket"),
	CFG_KEY_STR(bucket_values, region, "STORAGE_S3_REGION", .fallback = "us-east-1",
                .help = "where the bucket is"),
	CFG_KEY_STR(bucket_values, secret, "STORAGE_S3_SECRET", .flags = CFG_SECRET,
                .help = "what is signed with, for the bucket"),
	CFG_KEY_URL(bucket_values, url, "STORAGE_S3_URL",
                .help = "a bucket of S3 or the like for the bytes of files: "
                        "https://HOST/BUCKET; default: none, they stay on the disk"),
};
const struct cfg_group bucket_settings = {"Files in a bucket", &values, keys, COUNT(keys)};

static bool is_set(const char *text)
{
	return text && *text;
}

static bool has_bucket(void)
{
	return is_set(values.url);
}

int object_bytes_check(void)
{
	if (!has_bucket() || (is_set(values.key_id) && is_set(values.secret)))
		return 0;
	fprintf(stderr, "STORAGE_S3_URL: STORAGE_S3_KEY_ID and STORAGE_S3_SECRET are missing\n");
	return 1;
}

/* ---- the bucket ---- */

static struct err *is_away(struct ctx *cx, const char *why)
{
	FAIL_WORDED(cx, ERR_UNAVAILABLE, .status = 503, .code = "storage_unavailable", .text = why);
}

/* What 404 means is for the caller to say. */
static struct err *judge(struct ctx *cx, const char *method, const struct http_reply *r)
{
	if (r->status / 100 == 2)
		return NULL;
	if (r->status == 404)
		FAIL(cx, ERR_NOT_FOUND, "the bucket has no such file");
	LOG(LOG_ERROR, cx, "bucket_refused", F_STR("method", method), F_INT("status", r->status));
	if (r->status == 507)
		FAIL_WORDED(cx, ERR_UNAVAILABLE, .status = 507, .code = "insufficient_storage",
		            .text = "There is no room for this file.");
	return is_away(cx, "The place of files does not take it; try again later.");
}

static const char *url_of(struct ctx *cx, const char *version)
{
	const char *end = values.url + strlen(values.url);

	return arena_printf(cx->arena, "%s%s%s", values.url, end[-1] == '/' ? "" : "/",
	                    object_file_place(cx, version));
}

static struct err *ask(struct ctx *cx, const char *method, const char *version, struct span body,
                       struct http_reply *out)
{
	const struct http_signer signer = {values.region, values.key_id, values.secret};
	const char *const        headers[] = {"Content-Type: application/octet-stream", NULL};
	const struct http_call   call = {
		  .method = method,
		  .url = url_of(cx, version),
		  .body = body,
		  .headers = body.len ? headers : NULL,
		  .signer = &signer,
		  .reply_max = OBJECT_FILE_MAX,
		  .limits = {.connect_ms = CONNECT_MS, .total_ms = BUCKET_MS},
    };
	struct err *e = http_do(cx, &call, out);

	if (!e)
		return judge(cx, method, out);
	if (e->kind == ERR_CANCELLED)
		return e;
	log_err(LOG_ERROR, cx, "bucket_away", e);
	return is_away(cx, "The place of files does not answer; try again later.");
}

static struct err *put(struct ctx *cx, const char *version, struct span bytes)
{
	struct http_reply reply;

	return ask(cx, "PUT", version, bytes, &reply);
}

static struct err *remove_there(struct ctx *cx, const char *version)
{
	struct http_reply reply;
	struct err       *e = ask(cx, "DELETE", version, (struct span){"", 0}, &reply);

	return e && e->kind == ERR_NOT_FOUND ? NULL : e;
}

/* ---- both ---- */

/* A file that the bucket did not take stays: whether it did all the same is not known. */
struct err *object_bytes_keep(struct ctx *cx, struct span bytes, struct object_file *out)
{
	TRY(object_file_write(cx, bytes, out));
	if (!has_bucket())
		return NULL;
	TRY(put(cx, out->version, bytes));
	return object_file_mark(cx, out->version);
}

/* Two names of one file would share its mark, and the bucket has no second names. */
struct err *object_bytes_copy(struct ctx *cx, const char *from_version, const char *etag,
                              struct object_file *out)
{
	struct span bytes;

	if (!has_bucket())
		return object_file_link(cx, from_version, out);
	TRY(object_bytes_fetch(cx, from_version, etag));
	TRY(object_file_read(cx, from_version, &bytes));
	return object_bytes_keep(cx, bytes, out);
}

/* A proxy's page, say, or half of them. */
static struct err *refuse_others(struct ctx *cx, const struct http_reply *reply, const char *etag)
{
	if (object_bytes_are(cx, reply->body, etag))
		return NULL;
	LOG(LOG_ERROR, cx, "bucket_wrong", F_INT("status", reply->status),
	    F_INT("bytes", (int64_t)reply->body.len));
	return is_away(cx, "The place of files gives another file; try again later.");
}

struct err *object_bytes_fetch(struct ctx *cx, const char *version, const char *etag)
{
	struct http_reply reply;

	if (!has_bucket() || object_file_is_here(version))
		return NULL;
	TRY(ask(cx, "GET", version, (struct span){"", 0}, &reply));
	TRY(refuse_others(cx, &reply, etag));
	return object_file_bring(cx, version, reply.body);
}

/* The file goes last: it is what a sweep finds the bytes in the bucket by. */
bool object_bytes_remove(struct ctx *cx, const char *version)
{
	struct err *e = has_bucket() ? remove_there(cx, version) : NULL;

	return !e && object_file_remove(version);
}

/* ---- what is left over ---- */

static struct err *move_there(struct ctx *cx, const char *version)
{
	struct span bytes;
	struct err *e;

	TRY(object_file_read(cx, version, &bytes));
	e = put(cx, version, bytes);
	arena_let_go(bytes.ptr, bytes.len);
	return e;
}

static struct err *judge_old(struct ctx *cx, struct object_files *files)
{
	struct job *job = files->data;
	unsigned    asked = 0;

	TRY(objects_unknown(cx, files));
	for (size_t i = 0; has_bucket() && i < files->n; i++) {
		const char *version = files->versions[i];

		if (files->marked[i] && !files->gone[i]) {
			files->gone[i] = true;
		} else if (asked++ < ASKED_AT_ONCE) {
			TRY(job_extend(cx, job));
			files->gone[i] =
				!(files->gone[i] ? remove_there(cx, version) : move_there(cx, version));
		} else {
			files->gone[i] = false;
		}
	}
	return NULL;
}

struct err *object_bytes_sweep(struct ctx *cx, struct job *job, int64_t *removed_out)
{
	*removed_out = 0;
	if (!object_files_have_place())
		return NULL;
	return object_files_sweep(cx, judge_old, job, removed_out);
}
