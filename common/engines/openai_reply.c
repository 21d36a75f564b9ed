/* openai_reply.c -- reads chat answers.
 *
 * Each event of a stream is parsed in a scratch arena that is reset at once:
 * a token's JSON is a hundred times its text. */
#include "openai_reply.h"

#include "../base/json_check.h"
#include "../base/log.h"
#include "../domain/voice/model_text.h"
#include "upstream.h"

#define TEXT_MAX      ((size_t)256 << 10)
#define WHOLE_MAX     ((size_t)1 << 20)
#define SCRATCH_BYTES 8192u
#define MODEL_MAX     128u
#define TOKENS_MAX    1e9

#define ESCAPE_BYTES   6 /* of "\uXXXX" */
#define HIGH_SURROGATE 0xd800
#define LOW_SURROGATE  0xdc00

struct chat_reading {
	struct ctx *cx;
	struct ctx  scratch; /* for one event */
	bool (*on_text)(struct span, void *);
	void             *data;
	struct buf        whole;
	struct model_text text;
	size_t            given;                  /* of what was seen of the text */
	size_t            given_from;             /* where in that the first that was given began */
	size_t            written;                /* all that was read, reasoning too */
	char              half[ESCAPE_BYTES + 1]; /* of a pair; "": none waits */
	const char       *model;
	struct chat_usage usage;
	struct err       *error;
	/* has_ended: a finish reason or [DONE] came, and no text behind it; is_done: nothing more is
	 * read. */
	bool is_whole, is_given, is_stopped, is_useful, has_ended, is_done, is_filtered;
};

/* ---- Text ---- */

/* What tokenisers make of a character of two tokens is no JSON: half of a pair of surrogates, whose
 * other half the next event brings (it waits in `half`), and U+0000. */
static struct span mended(char half[ESCAPE_BYTES + 1], struct arena *a, struct span json)
{
	const char *p = json.ptr, *end = json.ptr + json.len;
	struct buf  out;

	if (!memmem(json.ptr, json.len, "\\u", 2))
		return json;
	out = buf_new(a, json.len + ESCAPE_BYTES + 1);
	while (p < end) {
		int    unit = json_escaped_unit(p, end), kind = unit & ~0x3ff;
		size_t n = unit >= 0 ? ESCAPE_BYTES : *p == '\\' && end - p > 1 ? 2 : 1;

		if (unit >= 0 && kind == HIGH_SURROGATE &&
		    (json_escaped_unit(p + n, end) & ~0x3ff) == LOW_SURROGATE) {
			n *= 2;
		} else if (unit >= 0 && kind == LOW_SURROGATE) {
			buf_str(&out, half);
			n = half[0] ? n : 0;
			half[0] = '\0';
		} else if (unit >= 0 && kind == HIGH_SURROGATE) {
			memcpy(half, p, n);
			n = 0;
		}
		if (unit)
			buf_add(&out, p, n);
		p += n ? n : ESCAPE_BYTES;
	}
	return buf_span(&out);
}

/* Where what was given turned out to be none of the answer, all of that is still to come. */
static void hand_on(struct chat_reading *r, struct span text)
{
	r->is_stopped = !r->on_text(text, r->data) && !r->text.from;
}

/* What was given came before the answer. */
static bool has_given_thought(const struct chat_reading *r)
{
	return r->is_given && r->given_from < r->text.from;
}

/* What the text has become since the last call. Behind a thought that was given the answer is given
 * by none but its end, which is whole. */
static void give(struct chat_reading *r)
{
	size_t      from = r->given > r->text.from ? r->given : r->text.from;
	struct span text = {buf_text(&r->text.seen) + from, r->text.seen.len - from};

	r->given = r->text.seen.len;
	r->is_done |= r->text.seen.is_full;
	r->has_ended |= r->text.seen.is_full;
	if (text.len == 0 || r->is_stopped)
		return;
	r->is_useful = true;
	if (!r->on_text || has_given_thought(r))
		return;
	if (!r->is_given)
		r->given_from = from;
	r->is_given = true;
	hand_on(r, text);
}

/* A string, or parts of which some are reasoning. */
static void feed_content(struct model_text *m, const struct cJSON *content)
{
	const char *text = content ? json_text_at(content, "") : NULL;

	if (text)
		return model_text_feed(m, span_of(text));
	if (!content || json_type(content) != JSON_ARRAY)
		return;
	for (const struct cJSON *part = json_first(content); part; part = json_next(part)) {
		text = json_text_at(part, "text");
		if (text && str_equal(json_text_at(part, "type"), "text"))
			model_text_feed(m, span_of(text));
	}
}

static size_t bytes_at(const struct cJSON *node, const char *path)
{
	const char *text = json_text_at(node, path);

	return text ? strlen(text) : 0;
}

/* A thought may be in parts of its own. */
static size_t part_bytes(const struct cJSON *part)
{
	const struct cJSON *thought = json_at(part, "thinking");
	size_t              bytes = bytes_at(part, "text") + bytes_at(part, "thinking");

	if (!thought || json_type(thought) != JSON_ARRAY)
		return bytes;
	for (const struct cJSON *p = json_first(thought); p; p = json_next(p))
		bytes += bytes_at(p, "text");
	return bytes;
}

static size_t content_bytes(const struct cJSON *message)
{
	const struct cJSON *content = json_at(message, "content");
	size_t              bytes = bytes_at(message, "content");

	if (!content || json_type(content) != JSON_ARRAY)
		return bytes;
	for (const struct cJSON *part = json_first(content); part; part = json_next(part))
		bytes += part_bytes(part);
	return bytes;
}

/* By either name; some servers tell the same by both. */
static size_t reasoning_bytes(const struct cJSON *message)
{
	size_t one = bytes_at(message, "reasoning"), other = bytes_at(message, "reasoning_content");

	return one > other ? one : other;
}

/* A whole one, or what has come to it. */
static void take_message(struct chat_reading *r, const struct cJSON *message)
{
	r->written += content_bytes(message) + reasoning_bytes(message);
	feed_content(&r->text, json_at(message, "content"));
	give(r);
}

/* ---- What streamed and whole answers share ---- */

static int64_t tokens_at(const struct cJSON *usage, const char *name)
{
	double n = json_num_at(usage, name, 0);

	return n > 0 && n < TOKENS_MAX ? (int64_t)n : 0;
}

static void take_usage(struct chat_usage *usage, const struct cJSON *from)
{
	if (!from || json_type(from) != JSON_OBJECT)
		return;
	usage->prompt_tokens = tokens_at(from, "prompt_tokens");
	usage->completion_tokens = tokens_at(from, "completion_tokens");
}

static const char *model_at(struct ctx *cx, const struct cJSON *root)
{
	const char *model = json_text_at(root, "model");

	if (!model || !*model || strlen(model) > MODEL_MAX)
		return NULL;
	return arena_strdup(cx->arena, model);
}

/* An error that came under status 200; NULL when there is none. */
static struct err *error_in(struct ctx *cx, const struct cJSON *root)
{
	const struct cJSON *error = json_at(root, "error");

	if (!error)
		error = json_at(root, "x_groq.error");
	if (!error || json_type(error) == JSON_NULL)
		return NULL;
	/* 500: the services use this for their own failures only. */
	return upstream_error(cx, 500, json_print(cx, root), 0);
}

/* ---- Streams ---- */

static void take_chunk(struct chat_reading *r, const struct cJSON *root)
{
	const struct cJSON *choice = json_at(root, "choices[0]");
	const char         *finish = json_text_at(choice, "finish_reason");

	if (!r->model)
		r->model = model_at(r->cx, root);
	take_usage(&r->usage, json_at(root, "usage"));
	take_usage(&r->usage, json_at(root, "x_groq.usage"));
	take_message(r, json_at(choice, "delta"));
	if (!str_is_blank(finish)) { /* some write "" for null */
		r->has_ended = true;
		r->is_filtered = str_equal(finish, "content_filter");
	}
}

static void take_event(struct chat_reading *r, const struct http_piece *piece)
{
	const struct cJSON *root;

	if (r->is_done || r->is_stopped || r->error)
		return;
	if (span_equal(span_trim(piece->data), SPAN("[DONE]"))) {
		r->has_ended = r->is_done = true;
		return;
	}
	arena_reset(r->scratch.arena);
	if (json_parse(&r->scratch, mended(r->half, r->scratch.arena, piece->data), &root) ||
	    json_type(root) != JSON_OBJECT) {
		r->error = err_new(r->cx, ERR_UPSTREAM, WHERE, "an event is not JSON");
		return;
	}
	r->error = error_in(r->cx, root);
	if (!r->error && str_equal(piece->event, "error"))
		r->error = upstream_error(r->cx, 500, piece->data, 0);
	if (!r->error)
		take_chunk(r, root);
}

static void free_scratch(void *data)
{
	struct chat_reading *r = data;

	arena_free(&r->scratch.arena);
}

struct chat_reading *chat_reading_new(struct ctx *cx, bool (*on_text)(struct span, void *),
                                      void       *data)
{
	struct chat_reading *r = NEW(cx->arena, struct chat_reading);

	r->cx = cx;
	r->on_text = on_text;
	r->data = data;
	r->scratch.arena = arena_new(SCRATCH_BYTES);
	arena_defer(cx->arena, free_scratch, r);
	r->whole = buf_new(cx->arena, WHOLE_MAX);
	r->text = model_text_new(cx->arena, TEXT_MAX);
	return r;
}

enum http_verdict chat_reading_feed(const struct http_piece *piece, void *data)
{
	struct chat_reading *r = data;

	if (!piece->data.len && !piece->event) {
		if (r->is_given && !r->is_stopped)
			hand_on(r, piece->data);
		return r->is_stopped ? HTTP_STOP : HTTP_GO_ON;
	}
	r->is_whole = !piece->event;
	if (r->is_whole) {
		buf_add(&r->whole, piece->data.ptr, piece->data.len);
		return r->whole.is_full ? HTTP_STOP : HTTP_GO_ON;
	}
	r->is_useful = false;
	take_event(r, piece);
	if (r->error || r->is_stopped)
		return HTTP_STOP;
	if (r->has_ended) /* what was used may still be told */
		return HTTP_LAST;
	return r->is_useful ? HTTP_USEFUL : HTTP_GO_ON;
}

/* Without parsing: a sentence taken for none is seen 30 ms later. */
bool chat_is_urgent(const struct http_piece *piece)
{
	static const char content[] = "\"content\":\"", finish[] = "\"finish_reason\":\"";
	const char       *at;

	if (!piece->event)
		return false;
	if (piece->data.ptr[0] == '[' || strstr(piece->data.ptr, finish))
		return true;
	at = strstr(piece->data.ptr, content);
	if (!at)
		return false;
	at += sizeof(content) - 1;
	return at[strcspn(at, ".!?\"")] != '"';
}

/* ---- The end ---- */

static struct err *take_whole(struct chat_reading *r)
{
	const struct cJSON *root;
	struct err         *e;

	TRY(upstream_json(r->cx, mended(r->half, r->cx->arena, buf_span(&r->whole)), &root));
	e = error_in(r->cx, root);
	if (e)
		return e;
	r->model = model_at(r->cx, root);
	r->has_ended = true;
	take_usage(&r->usage, json_at(root, "usage"));
	r->is_filtered = str_equal(json_text_at(root, "choices[0].finish_reason"), "content_filter");
	take_message(r, json_at(root, "choices[0].message"));
	return NULL;
}

static struct err *problem_of(struct chat_reading *r, struct err *failed)
{
	/* A stream that said it is done is whole, however the connection ended. */
	if (failed && !r->has_ended)
		return failed;
	if (r->error && !r->has_ended) /* behind the end it is none of the answer's */
		return r->error;
	if (r->is_whole)
		TRY(take_whole(r));
	if (!r->has_ended && !r->is_stopped)
		FAIL(r->cx, ERR_UPSTREAM, "the stream ended before the answer did");
	return NULL;
}

struct err *chat_reading_end(struct chat_reading *r, struct err *failed, struct chat_reply *out)
{
	struct err *problem;
	struct span text;

	if (failed && failed->kind == ERR_CANCELLED)
		return failed;
	problem = problem_of(r, failed);
	model_text_end(&r->text);
	give(r);
	if (problem && !r->is_given)
		return problem;
	/* What was handed out is the answer, whatever it turned out to be, or another's follows it. */
	text = r->is_given ? model_text_taken(&r->text) : model_text_answer(&r->text);
	if (!problem && r->is_filtered)
		problem = err_of_content(err_new(r->cx, ERR_UPSTREAM_REJECTED, WHERE,
		                                 "the content filter held the answer back"));
	if (r->is_filtered && !r->is_given)
		return problem;
	if (text.len == 0)
		return err_of_content(err_new(r->cx, ERR_UPSTREAM, WHERE, "the answer has no text"));
	out->text = arena_strndup(r->cx->arena, text.ptr, text.len);
	out->model = r->model;
	out->usage = r->usage;
	out->is_unlike_given = has_given_thought(r) && model_text_answer(&r->text).len;
	if (problem)
		problem->is_late = true;
	return problem;
}

size_t chat_reading_bytes(const struct chat_reading *r)
{
	return r->written;
}

/* The JSON object in a text that may stand in prose or a code fence. */
static struct span object_in(const char *text)
{
	const char *first = strchr(text, '{'), *last = strrchr(text, '}');

	if (!first || !last || last < first)
		return (struct span){"", 0};
	return (struct span){first, (size_t)(last - first) + 1};
}

struct err *chat_structured(struct ctx *cx, struct span body, struct chat_reply *out)
{
	const struct cJSON *root, *ignored;
	struct model_text   content = model_text_new(cx->arena, TEXT_MAX);
	char                half[ESCAPE_BYTES + 1] = "";
	struct err         *e;
	const char         *text;
	struct span         object;

	TRY(upstream_json(cx, mended(half, cx->arena, body), &root));
	e = error_in(cx, root);
	if (e)
		return e;
	text = json_text_at(root, "choices[0].message.tool_calls[0].function.arguments");
	if (!text) {
		feed_content(&content, json_at(root, "choices[0].message.content"));
		model_text_end(&content);
		text = model_text_answer(&content).ptr;
	}
	object = mended(half, cx->arena, object_in(text));
	if (upstream_json(cx, object, &ignored))
		return err_of_content(
			err_new(cx, ERR_UPSTREAM, WHERE, "the structured answer is not a JSON object"));
	out->text = arena_strndup(cx->arena, object.ptr, object.len);
	out->model = model_at(cx, root);
	take_usage(&out->usage, json_at(root, "usage"));
	return NULL;
}
