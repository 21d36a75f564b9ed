/* upstream.c -- addresses, keys and the meaning of errors, from the services' own documents. */
#include "upstream.h"

#include "../base/str.h"

#define CODE_MAX 64u

const char *upstream_url(struct ctx *cx, const char *base, const char *prefix, const char *path)
{
	size_t len = strlen(base), prefix_len = strlen(prefix);

	while (len && base[len - 1] == '/')
		len--;
	/* "/openai/v1" after ".../openai" lacks "/v1", after ".../v1" nothing. */
	if (len >= 3 && strncmp(base + len - 3, "/v1", 3) == 0)
		prefix += prefix_len;
	for (size_t n = prefix_len; n > 0 && *prefix; n--)
		if (n <= len && prefix[n] == '/' && strncmp(base + len - n, prefix, n) == 0) {
			prefix += n;
			break;
		}
	return arena_printf(cx->arena, "%.*s%s%s", (int)len, base, prefix, path);
}

bool upstream_is_configured(const char *key, const char *base_url, const char *vendor_url)
{
	return !str_is_blank(key) || !str_equal(base_url, vendor_url);
}

const char *upstream_secret_header(struct ctx *cx, const char *name, const char *value)
{
	size_t bytes = strlen(name) + strlen(value) + 3;
	char  *header = arena_alloc_secret(cx->arena, bytes);

	snprintf(header, bytes, "%s: %s", name, value);
	return header;
}

/* A machine code, or "" for anything that could be prose. */
static const char *machine_code(const char *text)
{
	size_t n = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.-") : 0;

	return n && n <= CODE_MAX && !text[n] ? text : "";
}

/* Where the services put their code: OpenAI and Groq, ElevenLabs twice, Resend. */
static const char *code_in(struct ctx *cx, struct span body)
{
	static const char *const paths[] = {"error.code",     "error.type", "detail.status",
	                                    "detail[0].type", "name",       "code"};
	const struct cJSON      *root;

	if (json_parse(cx, body, &root))
		return "";
	for (size_t i = 0; i < COUNT(paths); i++) {
		const char *code = machine_code(json_text_at(root, paths[i]));

		if (*code)
			return code;
	}
	return "";
}

static bool is_quota(const char *code)
{
	static const char *const codes[] = {"insufficient_quota", "quota_exceeded",
	                                    "daily_quota_exceeded", "monthly_quota_exceeded"};

	for (size_t i = 0; i < COUNT(codes); i++)
		if (str_equal(code, codes[i]))
			return true;
	return false;
}

static enum err_kind kind_of(int status, const char *code)
{
	if (status == 401 || status == 403 || is_quota(code))
		return ERR_UPSTREAM_DENIED;
	if (str_equal(code, "system_busy")) /* ElevenLabs' own trouble under a 429 */
		return ERR_UPSTREAM;
	if (status == 429)
		return ERR_RATE;
	if (status == 408 || status == 424 || status == 498 || status == 499)
		return ERR_UPSTREAM;
	return status / 100 == 4 ? ERR_UPSTREAM_REJECTED : ERR_UPSTREAM;
}

struct err *upstream_error(struct ctx *cx, int status, struct span body, unsigned retry_after_ms)
{
	const char *code = code_in(cx, body);
	struct err *e = err_new(cx, kind_of(status, code), WHERE, "status %d%s%s", status,
	                        *code ? ", code " : "", code);

	e->retry_after_ms = retry_after_ms;
	/* Groq: the model wrote a call of its tool that is none. */
	e->is_content = str_equal(code, "tool_use_failed");
	return e;
}

struct err *upstream_call(struct ctx *cx, const struct http_call *call, struct http_reply *out)
{
	return upstream_end(cx, http_begin(cx, call), out);
}

struct err *upstream_end(struct ctx *cx, struct exchange *x, struct http_reply *out)
{
	TRY(http_end(cx, x, out));
	if (out->status / 100 == 2)
		return NULL;
	return upstream_error(cx, out->status, out->body, out->retry_after_ms);
}

struct err *upstream_json(struct ctx *cx, struct span body, const struct cJSON **root_out)
{
	if (json_parse(cx, body, root_out) || json_type(*root_out) != JSON_OBJECT)
		FAIL(cx, ERR_UPSTREAM, "the answer of %zu bytes is not a JSON object", body.len);
	return NULL;
}
