/* upstream.h -- what all outside services share: addresses, keys, what their errors mean. */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include "../base/json_in.h"
#include "../call/http_client.h"

/* base + prefix + path, where `base` may already end in all or the tail of the
 * prefix ("/openai/v1") and in slashes: people write base URLs in every way. */
const char *upstream_url(struct ctx *cx, const char *base, const char *prefix,
                         const char *path) NEVER_NULL;

/* A key is needed at the vendor's own address only; a server of the user's own may have none. */
bool upstream_is_configured(const char *key, const char *base_url, const char *vendor_url);

/* "name: value" for http_call.headers, wiped when the unit of work ends. */
const char *upstream_secret_header(struct ctx *cx, const char *name, const char *value) NEVER_NULL;

/* http_do, with any answer but 2xx turned into an error:
 * ERR_RATE              429, with how long when it said so
 * ERR_UPSTREAM_DENIED   401, 403, and quotas used up under any status
 * ERR_UPSTREAM_REJECTED 400, 404, 405, 409, 413, 422 and other 4xx
 * ERR_UPSTREAM          3xx, 408, 424, 498, 499, 5xx
 * The detail has the status and the service's machine code, never its
 * sentence: that may repeat what a person said. *out is filled in all cases. */
struct err *upstream_call(struct ctx *cx, const struct http_call *call,
                          struct http_reply *out) CHECKED;

/* The same for a call that was begun with http_begin. */
struct err *upstream_end(struct ctx *cx, struct exchange *x, struct http_reply *out) CHECKED;

/* The error an answer with this status and body stands for; never NULL. */
struct err *upstream_error(struct ctx *cx, int status, struct span body,
                           unsigned retry_after_ms) NEVER_NULL;

/* A 2xx body that must be a JSON object; ERR_UPSTREAM when it is not. */
struct err *upstream_json(struct ctx *cx, struct span body, const struct cJSON **root_out) CHECKED;

#endif
