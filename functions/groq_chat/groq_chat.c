/* groq_chat -- a conversation the caller keeps, continued by a language model.
 *
 * POST { messages: [{ role, content }], model?, systemPrompt?, temperature?,
 *        max_tokens?, stream?, session_id?, session_secret? }
 *   -> { text, model, usage, provider, truncated?, degraded? }
 *
 * With stream: true or Accept: text/event-stream the events `text` {delta} and then
 * `done`, the same object, or `error`. It is no open proxy: a session or a key is
 * needed, and a session alone brings no system prompt along. */
#include "../../common/base/log.h"
#include "../../common/domain/talk/prompt.h"
#include "../../common/engines/feed.h"
#include "../../common/web/keys.h"
#include "../../common/web/sse_out.h"
#include "../../common/web/service.h"
#include "../../common/store/sessions.h"
#include "conversation.h"

#define DEADLINE_MS      30000u
#define ANSWER_BYTES_MAX ((size_t)4 << 20)

struct chat {
	struct ctx         *cx;
	struct chat_order   order;
	struct chat_reply   reply;
	struct chain_result served;
	struct chat_usage   usage;
	bool                is_estimate; /* the usage: the engine did not tell it */
	struct sse_out     *stream;      /* NULL: one JSON answer, and of what follows nothing */
	struct feed        *feed;
	struct buf          untold; /* of what it brought */
};

/* ---- who asks ---- */

/* A browser sends its key whether or not it has a session; a stale session besides a good
 * key does no harm. */
static struct err *find_caller(struct req *rq, const struct in *in, bool *has_key_out)
{
	struct ctx *cx = req_ctx(rq);
	bool        has_pair = in->session_id && in->session_secret;
	struct err *e = has_pair ? session_check(cx, in->session_id, in->session_secret) : NULL;

	if (e && e->kind != ERR_SESSION && e->kind != ERR_SESSION_EXPIRED)
		return e;
	*has_key_out = keys_accept(cx, req_header(rq, "apikey"), req_header(rq, "Authorization"));
	if (*has_key_out || (has_pair && !e))
		return NULL;
	if (e)
		return e;
	FAIL(cx, ERR_UNAUTHORIZED, "neither a good key nor a session");
}

/* ---- what it cost ---- */

static void count_usage(struct chat *c)
{
	c->usage = c->reply.usage;
	c->is_estimate = c->usage.prompt_tokens + c->usage.completion_tokens == 0;
	if (!c->is_estimate)
		return;
	c->usage.prompt_tokens = conversation_tokens(&c->order);
	c->usage.completion_tokens = (int64_t)prompt_tokens(c->reply.text);
}

/* ---- the answer ---- */

static void write_usage(struct json_out *j, const struct chat *c)
{
	json_obj(j, "usage");
	json_int(j, "prompt_tokens", c->usage.prompt_tokens);
	json_int(j, "completion_tokens", c->usage.completion_tokens);
	json_int(j, "total_tokens", c->usage.prompt_tokens + c->usage.completion_tokens);
	if (c->is_estimate)
		json_bool(j, "estimated", true);
	json_end(j);
}

static void write_answer(struct json_out *j, const struct chat *c)
{
	json_obj(j, NULL);
	json_str(j, "text", c->reply.text);
	json_str(j, "model", c->reply.model);
	write_usage(j, c);
	json_str(j, "provider", c->served.served->name);
	if (c->served.late)
		json_bool(j, "truncated", true);
	if (c->served.fell_back || c->served.served->is_local) {
		json_arr(j, "degraded");
		json_str(j, NULL, thinking.capability);
		json_end(j);
	}
	json_end(j);
}

/* ---- thinking ---- */

/* Until something is out the next engine begins anew, whatever this one has written. */
static struct err *try_engine(struct provider *p, struct ctx *cx, void *data)
{
	struct chat *c = data;
	struct err  *e = llm_complete(p, cx, &c->order, &c->reply);

	if (e && c->feed && e->kind != ERR_CANCELLED)
		e->is_late = !feed_restart(c->feed);
	return e;
}

static struct err *think_it(struct ctx *cx, void *data)
{
	struct chat *c = data;
	struct chain about = thinking_about(THINKING_CHAT, c->order.session);

	return chain_run(cx, &about, try_engine, c, &c->served);
}

static struct err *tell(struct chat *c)
{
	struct json_out *j = json_new(c->cx->arena, ANSWER_BYTES_MAX);
	struct span      json;

	if (c->untold.len == 0)
		return NULL;
	feed_claim(c->feed);
	json_obj(j, NULL);
	json_span(j, "delta", buf_span(&c->untold));
	json_end(j);
	c->untold.len = 0;
	feed_was_told(c->feed);
	TRY(json_finish(c->cx, j, &json));
	return sse_event(c->stream, "text", json);
}

static struct err *look(void *data, bool *has_more_out)
{
	struct chat *c = data;
	struct fed   fed = feed_take(c->feed, &c->untold);

	if (fed.is_urgent || feed_is_due(c->feed))
		TRY(tell(c));
	*has_more_out = c->untold.len > 0;
	return NULL;
}

/* What was given was a thought: the answer comes in its place, or behind it. */
static void take_answer(struct chat *c)
{
	bool is_out = !feed_restart(c->feed);

	feed_take(c->feed, &c->untold);
	if (is_out)
		buf_char(&c->untold, ' ');
	buf_str(&c->untold, c->reply.text);
}

static struct err *think_aloud(struct req *rq, struct chat *c)
{
	c->stream = sse_start(rq);
	ctx_keep_company(c->cx, sse_keep_alive, c->stream, SSE_PING_MS);
	c->feed = feed_new(c->cx, true, look, c);
	c->untold = buf_new(c->cx->arena, FEED_TEXT_MAX);
	c->order.on_text = feed_text;
	c->order.data = c->feed;
	TRY(feed_think(c->feed, think_it, c));
	feed_take(c->feed, &c->untold);
	if (c->reply.is_unlike_given)
		take_answer(c);
	return tell(c);
}

static struct err *finish(struct req *rq, const struct chat *c)
{
	struct json_out *j;
	struct span      json;

	if (!c->stream) {
		write_answer(reply_json(rq, 200, ANSWER_BYTES_MAX), c);
		return NULL;
	}
	j = json_new(c->cx->arena, ANSWER_BYTES_MAX);
	write_answer(j, c);
	TRY(json_finish(c->cx, j, &json));
	return sse_event(c->stream, "done", json);
}

static struct err *groq_chat(struct req *rq)
{
	struct ctx  *cx = req_ctx(rq);
	struct chat *c = NEW(cx->arena, struct chat);
	struct in    in = {.messages = NULL};
	bool         has_key;

	c->cx = cx;
	TRY(conversation_read(rq, &in));
	TRY(find_caller(rq, &in, &has_key));
	TRY(conversation_order(cx, &in, has_key, &c->order));
	if (in.stream || req_accepts(rq, SSE_MEDIA_TYPE))
		TRY(think_aloud(rq, c));
	else
		TRY(think_it(cx, c));
	count_usage(c);
	return finish(rq, c);
}

int main(int argc, char **argv)
{
	return service_main(
		argc, argv,
		&(struct service){.name = "groq_chat",
	                      .methods = METHOD_POST,
	                      .body_max = (size_t)1 << 20,
	                      .deadline_ms = DEADLINE_MS,
	                      .rate_per_minute = 30,
	                      .threads = 32,
	                      .streams = true,
	                      .engines = &engine_room,
	                      .chains = (struct chain *const[]){&thinking},
	                      .chains_n = 1,
	                      .settings = (const struct cfg_group *const[]){&conversation_settings},
	                      .settings_n = 1,
	                      .handle = groq_chat});
}
