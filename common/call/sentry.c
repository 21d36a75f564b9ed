/* sentry.c -- where to, and what. */
#include "sentry.h"

#include "../base/crypto.h"
#include "../base/json_out.h"

#define CONNECT_MS 2000u
#define SEND_MS    5000u
#define REPLY_MAX  ((size_t)16 << 10) /* nothing of it is looked at */
#define TEXT_MAX   1024u
#define ID_CHARS   32 /* of an event: a UUID without its dashes */
#define CLIENT     "scribe/1"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static struct sentry_values {
	const char *dsn, *environment, *release;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_URL(sentry_values, dsn, "SENTRY_DSN", .flags = CFG_SECRET,
                .help = "project of Sentry that is told of errors, https://KEY@HOST/PROJECT; "
                        "unset: none is"),
	CFG_KEY_STR(sentry_values, environment, "SENTRY_ENVIRONMENT", .fallback = "production",
                .help = "stage that errors are told to be of"),
	CFG_KEY_STR(sentry_values, release, "SENTRY_RELEASE",
                .help = "version that errors are told to be of; unset: it is not told"),
};
const struct cfg_group sentry_settings = {"Errors", &values, keys, COUNT(keys)};

static struct {
	char url[TEXT_MAX], auth[TEXT_MAX];
} project;

/* ---- where to ---- */

bool sentry_is_wanted(void)
{
	return values.dsn && *values.dsn;
}

/* SCHEME://KEY[:SECRET]@HOST[:PORT][/PATH]/PROJECT; a secret is of old, and not asked for any
 * more. */
static bool read_dsn(const char *dsn)
{
	const char *key = strstr(dsn, "://") + 3, *host, *number;
	int         scheme = (int)(key - dsn), key_chars = (int)strspn(key, LETTERS DIGITS);
	int         base;

	host = key + key_chars;
	if (*host == ':')
		host += 1 + strspn(host + 1, LETTERS DIGITS);
	number = strrchr(host, '/');
	if (key_chars == 0 || *host++ != '@' || !number || number <= host)
		return false;
	base = (int)(number++ - host);
	if (strspn(host, LETTERS DIGITS "[]:.-_/") != strlen(host) || !*number ||
	    strspn(number, DIGITS) != strlen(number))
		return false;
	return snprintf(project.url, TEXT_MAX, "%.*s%.*s/api/%s/envelope/", scheme, dsn, base, host,
	                number) < (int)TEXT_MAX &&
	       snprintf(project.auth, TEXT_MAX,
	                "X-Sentry-Auth: Sentry sentry_version=7, sentry_client=" CLIENT
	                ", sentry_key=%.*s",
	                key_chars, key) < (int)TEXT_MAX;
}

int sentry_check(void)
{
	if (!sentry_is_wanted() || read_dsn(values.dsn))
		return 0;
	fprintf(stderr,
	        "SENTRY_DSN: expected https://KEY@HOST/PROJECT, with a number as the project\n");
	return 1;
}

/* ---- what ---- */

static void make_id(char out[ID_CHARS + 1])
{
	char  uuid[CRYPTO_UUID_CHARS + 1];
	char *to = out;

	crypto_uuid(uuid);
	for (const char *from = uuid; *from; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
}

/* "common/db/db_pool.c:210": its file, and its line or 0. */
static const char *file_of(struct ctx *cx, const char *where, int64_t *line_out)
{
	const char *colon = strrchr(where, ':');

	*line_out = 0;
	if (!colon || !str_to_int(colon + 1, 0, INT32_MAX, line_out))
		return where;
	return arena_strndup(cx->arena, where, (size_t)(colon - where));
}

static void write_texts(struct json_out *j, const char *key, const char *const *texts, size_t n)
{
	json_arr(j, key);
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, texts[i]);
	json_end(j);
}

static void write_frame(struct json_out *j, const struct error_counted *e, const char *file,
                        int64_t line)
{
	json_obj(j, "stacktrace");
	json_arr(j, "frames");
	json_obj(j, NULL);
	json_str(j, "filename", *file ? file : e->program);
	json_str(j, "module", e->program);
	if (line)
		json_int(j, "lineno", line);
	json_bool(j, "in_app", true);
	json_end(j);
	json_end(j);
	json_end(j);
}

static void write_exception(struct json_out *j, const struct error_counted *e, const char *file,
                            int64_t line)
{
	json_obj(j, "exception");
	json_arr(j, "values");
	json_obj(j, NULL);
	json_str(j, "type", e->event);
	json_str(j, "value", *e->code ? e->code : e->event);
	write_frame(j, e, file, line);
	json_end(j);
	json_end(j);
	json_end(j);
}

static void write_tags(struct json_out *j, const struct error_counted *e)
{
	json_obj(j, "tags");
	json_str(j, "program", e->program);
	if (*e->code)
		json_str(j, "code", e->code);
	if (*e->trace_id)
		json_str(j, "trace_id", e->trace_id);
	json_end(j);
}

static struct err *event_json(struct ctx *cx, const char *id, const struct error_counted *e,
                              struct span *out)
{
	struct json_out  *j = json_new(cx->arena, 0);
	int64_t           line;
	const char       *file = file_of(cx, e->where, &line);
	const char *const group[] = {e->program, e->event, e->code, file};

	json_obj(j, NULL);
	json_str(j, "event_id", id);
	json_num(j, "timestamp", (double)e->last_unix_ms / 1000);
	json_str(j, "platform", "other");
	json_str(j, "level", "error");
	json_str(j, "logger", e->program);
	json_str(j, "environment", values.environment);
	if (values.release && *values.release)
		json_str(j, "release", values.release);
	write_texts(j, "fingerprint", group, COUNT(group));
	write_exception(j, e, file, line);
	write_tags(j, e);
	json_obj(j, "extra");
	json_int(j, "count", (int64_t)e->n);
	json_end(j);
	json_end(j);
	return json_finish(cx, j, out);
}

/* A line for the envelope, one for its only item, and the item. */
struct err *sentry_envelope(struct ctx *cx, const struct error_counted *e, struct span *out)
{
	char        id[ID_CHARS + 1];
	struct span event;
	struct buf  all = buf_new(cx->arena, 0);

	make_id(id);
	TRY(event_json(cx, id, e, &event));
	buf_printf(&all, "{\"event_id\":\"%s\"}\n{\"type\":\"event\",\"length\":%zu}\n", id, event.len);
	buf_add(&all, event.ptr, event.len);
	buf_char(&all, '\n');
	*out = buf_span(&all);
	return NULL;
}

struct err *sentry_post(struct ctx *cx, struct span envelope, struct http_reply *out)
{
	const char *const      headers[] = {"Content-Type: application/x-sentry-envelope", project.auth,
	                                    NULL};
	const struct http_call call = {.url = project.url,
	                               .headers = headers,
	                               .body = envelope,
	                               .limits = {.connect_ms = CONNECT_MS, .total_ms = SEND_MS},
	                               .reply_max = REPLY_MAX};

	return http_do(cx, &call, out);
}
