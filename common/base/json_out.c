/* json_out.c -- a forward-only JSON writer: no tree, one pass, one buffer. */
#include "json_out.h"

#include "base64.h"

#include <assert.h>
#include <math.h>

#define DEPTH_MAX 32

struct json_out {
	struct buf buf;
	unsigned   depth;
	bool       has_member[DEPTH_MAX];
	char       closer[DEPTH_MAX];
};

struct json_out *json_new(struct arena *a, size_t max)
{
	struct json_out *j = NEW(a, struct json_out);

	j->buf = buf_new(a, max);
	return j;
}

void json_quote(struct buf *b, struct span v)
{
	size_t done = 0;

	buf_char(b, '"');
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.ptr[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, v.ptr + done, i - done);
		done = i + 1;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_str(b, "\\n");
		else
			buf_printf(b, "\\u%04x", c);
	}
	buf_add(b, v.ptr + done, v.len - done);
	buf_char(b, '"');
}

static void start_member(struct json_out *j, const char *key)
{
	if (j->has_member[j->depth])
		buf_char(&j->buf, ',');
	j->has_member[j->depth] = true;
	assert((key != NULL) == (j->depth > 0 && j->closer[j->depth] == '}'));
	if (key) {
		json_quote(&j->buf, span_of(key));
		buf_char(&j->buf, ':');
	}
}

static void open_level(struct json_out *j, const char *key, char opener, char closer)
{
	start_member(j, key);
	assert(j->depth + 1 < DEPTH_MAX);
	j->depth++;
	j->has_member[j->depth] = false;
	j->closer[j->depth] = closer;
	buf_char(&j->buf, opener);
}

void json_obj(struct json_out *j, const char *key)
{
	open_level(j, key, '{', '}');
}

void json_arr(struct json_out *j, const char *key)
{
	open_level(j, key, '[', ']');
}

void json_end(struct json_out *j)
{
	assert(j->depth > 0);
	buf_char(&j->buf, j->closer[j->depth]);
	j->depth--;
}

void json_str(struct json_out *j, const char *key, const char *v)
{
	if (v)
		json_span(j, key, span_of(v));
	else
		json_null(j, key);
}

void json_span(struct json_out *j, const char *key, struct span v)
{
	start_member(j, key);
	json_quote(&j->buf, v);
}

void json_int(struct json_out *j, const char *key, int64_t v)
{
	start_member(j, key);
	buf_printf(&j->buf, "%lld", (long long)v);
}

void json_num(struct json_out *j, const char *key, double v)
{
	char text[64];
	int  n;

	if (!isfinite(v) || fabs(v) > 1e15) {
		json_null(j, key);
		return;
	}
	start_member(j, key);
	n = snprintf(text, sizeof(text), "%.6f", v);
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	buf_add(&j->buf, text, (size_t)n);
}

void json_bool(struct json_out *j, const char *key, bool v)
{
	start_member(j, key);
	buf_str(&j->buf, v ? "true" : "false");
}

void json_null(struct json_out *j, const char *key)
{
	start_member(j, key);
	buf_str(&j->buf, "null");
}

void json_raw(struct json_out *j, const char *key, struct span v)
{
	start_member(j, key);
	buf_add(&j->buf, v.ptr, v.len);
}

void json_base64(struct json_out *j, const char *key, struct span bytes)
{
	char *text;

	start_member(j, key);
	buf_char(&j->buf, '"');
	text = buf_extend(&j->buf, BASE64_ENCODED_BYTES(bytes.len));
	if (text)
		base64_encode(bytes.ptr, bytes.len, text);
	buf_char(&j->buf, '"');
}

struct err *json_finish(struct ctx *cx, const struct json_out *j, struct span *out)
{
	assert(j->depth == 0);
	if (j->buf.is_full)
		FAIL(cx, ERR_INTERNAL, "JSON of more than %zu bytes", j->buf.max);
	*out = buf_span(&j->buf);
	return NULL;
}

struct err *json_texts(struct ctx *cx, const char *const *texts, size_t n, const char **out)
{
	struct json_out *j = json_new(cx->arena, 0);
	struct span      json;

	json_arr(j, NULL);
	for (size_t i = 0; i < n; i++)
		json_str(j, NULL, texts[i]);
	json_end(j);
	TRY(json_finish(cx, j, &json));
	*out = json.ptr;
	return NULL;
}
