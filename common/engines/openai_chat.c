/* openai_chat.c -- builds chat requests and sends them. */
#include "openai_chat.h"

#include "../base/json_out.h"
#include "../domain/talk/prompt.h"
#include "openai_reply.h"
#include "upstream.h"

#define REQUEST_MAX ((size_t)4 << 20)
#define STREAM_MAX  ((size_t)16 << 20)
#define WHOLE_MAX   ((size_t)1 << 20)

/* Models that think before they answer spend the tokens of the answer on it: they are asked to
 * think little and given room for it, which costs only what they use. */
#define REASONING_TOKENS 512u
static const struct reasoning {
	const char *name;         /* what the model's name begins with */
	const char *effort;       /* the least that it knows; NULL: can not be asked for */
	bool        has_own_heat; /* takes no temperature */
	bool        does_not;     /* is only called like those that do */
} reasonings[] = {
	{"openai/gpt-oss", "low", false, false},
	{"gpt-oss", "low", false, false},
	{"qwen/qwen3", "none", false, false},
	{"deepseek-r1", NULL, false, false},
	/* The first that fits counts: what a name begins with stands behind it. */
	{"gpt-5-chat", NULL, false, true},
	{"gpt-5.1-chat", NULL, true, false}, /* know one effort only, and it is not the least */
	{"gpt-5.2-chat", NULL, true, false},
	{"gpt-5.", "none", true, false},
	{"gpt-5", "minimal", true, false},
	{"o1-mini", NULL, true, false},
	{"o1-preview", NULL, true, false},
	{"o1", "low", true, false},
	{"o3", "low", true, false},
	{"o4", "low", true, false},
};

/* NULL: it answers at once. */
static const struct reasoning *reasoning_of(const char *model)
{
	for (size_t i = 0; i < COUNT(reasonings); i++)
		if (span_starts(span_of(model), span_of(reasonings[i].name)))
			return reasonings[i].does_not ? NULL : &reasonings[i];
	return NULL;
}

bool chat_model_allowed(const struct chat_service *service, const char *model)
{
	struct span rest = span_of(service->models ? service->models : ""), item;

	if (str_equal(model, service->model))
		return true;
	while (cfg_next_item(&rest, &item))
		if (span_equal(item, span_of(model)))
			return true;
	return false;
}

static const char *model_for(const struct chat_service *service, const struct chat_order *order)
{
	bool is_allowed = order->model && chat_model_allowed(service, order->model);

	return is_allowed ? order->model : service->model;
}

static void write_messages(struct json_out *j, const struct chat_order *order)
{
	json_arr(j, "messages");
	for (size_t i = 0; i < order->n; i++) {
		json_obj(j, NULL);
		json_str(j, "role", chat_role_name(order->messages[i].role));
		json_str(j, "content", order->messages[i].content);
		json_end(j);
	}
	json_end(j);
}

static void write_forced_call(struct json_out *j, const struct chat_order *order)
{
	json_arr(j, "tools");
	json_obj(j, NULL);
	json_str(j, "type", "function");
	json_obj(j, "function");
	json_str(j, "name", order->schema_name);
	json_raw(j, "parameters", order->schema);
	json_end(j);
	json_end(j);
	json_end(j);
	json_obj(j, "tool_choice");
	json_str(j, "type", "function");
	json_obj(j, "function");
	json_str(j, "name", order->schema_name);
	json_end(j);
	json_end(j);
}

static void write_stream(struct json_out *j, const struct chat_service *service)
{
	json_bool(j, "stream", true);
	if (!service->asks_usage)
		return;
	json_obj(j, "stream_options");
	json_bool(j, "include_usage", true);
	json_end(j);
}

static int64_t tokens_allowed(const struct chat_order *order, const char *model)
{
	return order->max_tokens + (reasoning_of(model) ? REASONING_TOKENS : 0);
}

static struct err *request_of(struct ctx *cx, const struct chat_service *service,
                              const struct chat_order *order, const char *model, struct span *out)
{
	const struct reasoning *reasoning = reasoning_of(model);
	struct json_out        *j = json_new(cx->arena, REQUEST_MAX);

	json_obj(j, NULL);
	write_messages(j, order);
	json_str(j, "model", model);
	if (!reasoning || !reasoning->has_own_heat)
		json_num(j, "temperature", order->temperature);
	if (reasoning && reasoning->effort)
		json_str(j, "reasoning_effort", reasoning->effort);
	if (order->max_tokens)
		json_int(j, service->max_tokens_name, tokens_allowed(order, model));
	if (order->schema_name)
		write_forced_call(j, order);
	else
		write_stream(j, service);
	json_end(j);
	return json_finish(cx, j, out);
}

static struct http_limits limits_for(const struct chat_order *order)
{
	/* A forced call comes in one piece, at the end. */
	bool is_whole = order->schema_name != NULL;

	return (struct http_limits){
		.connect_ms = (unsigned)thinking_values.connect_ms,
		.first_ms = is_whole ? 0 : (unsigned)thinking_values.first_token_ms,
		.idle_ms = (unsigned)thinking_values.idle_ms,
		.total_ms = (unsigned)thinking_values.total_ms,
	};
}

struct chat_call {
	struct exchange     *exchange;
	struct chat_reading *reading; /* NULL: a forced call, in one piece */
	const char          *model;   /* that was asked */
	struct bill          bill;
	int64_t              prompt_tokens; /* about */
};

static int64_t tokens_of(const struct chat_order *order)
{
	size_t tokens = 0;

	for (size_t i = 0; i < order->n; i++)
		tokens += prompt_tokens(order->messages[i].content);
	return (int64_t)(tokens + order->schema.len / 4);
}

static int64_t tokens_in(const struct chat_usage *usage)
{
	return usage->prompt_tokens + usage->completion_tokens;
}

/* Reasoning, too, is paid for, though nobody sees it. */
static int64_t tokens_written(const struct chat_call *begun, const struct chat_reply *reply)
{
	size_t bytes = begun->reading ? chat_reading_bytes(begun->reading) : strlen(reply->text);

	return (int64_t)prompt_tokens_in(bytes);
}

/* A stream that broke or was not read to its end, and some servers always, do not tell what they
 * used. */
static void settle(struct chat_call *begun, struct chat_reply *reply, const struct err *e)
{
	if (e && !e->is_late)
		return meter_settle_failed(&begun->bill, e);
	if (!tokens_in(&reply->usage))
		reply->usage = (struct chat_usage){begun->prompt_tokens, tokens_written(begun, reply)};
	meter_settle(&begun->bill, tokens_in(&reply->usage));
}

/* An event stream is read as it comes, in the thread that ends the call. */
static void read_stream(struct ctx *cx, struct chat_call *begun, const struct chat_order *order,
                        struct http_call *call)
{
	begun->reading = chat_reading_new(cx, order->on_text, order->data);
	call->on_data = chat_reading_feed;
	call->is_urgent = chat_is_urgent;
	call->event_max = CHAT_EVENT_MAX;
	call->data = begun->reading;
}

struct err *openai_chat_begin(struct ctx *cx, const struct chat_service *service,
                              const struct chat_order *order, struct chat_call **out)
{
	struct chat_call *begun = NEW(cx->arena, struct chat_call);
	const char       *headers[4] = {0};
	struct http_call  call = {.method = "POST", .headers = headers};
	size_t            n = 0;

	headers[n++] = "Content-Type: application/json";
	headers[n++] = "Accept: application/json"; /* for streams too: so do the official clients */
	if (!str_is_blank(service->key))
		headers[n++] = upstream_secret_header(cx, "Authorization",
		                                      arena_printf(cx->arena, "Bearer %s", service->key));
	begun->model = model_for(service, order);
	call.url = upstream_url(cx, service->base_url, service->prefix, "/chat/completions");
	TRY(request_of(cx, service, order, begun->model, &call.body));
	call.limits = limits_for(order);
	call.reply_max = order->schema_name ? WHOLE_MAX : STREAM_MAX;
	if (!order->schema_name)
		read_stream(cx, begun, order, &call);
	begun->prompt_tokens = tokens_of(order);
	begun->bill = meter_ask(cx, service->provider,
	                        begun->prompt_tokens + tokens_allowed(order, begun->model));
	begun->exchange = http_begin(cx, &call);
	*out = begun;
	return NULL;
}

static struct err *read_answer(struct ctx *cx, struct chat_call *begun, struct chat_reply *out)
{
	struct http_reply reply;
	struct err       *failed = upstream_end(cx, begun->exchange, &reply);

	*out = (struct chat_reply){0};
	if (begun->reading)
		failed = chat_reading_end(begun->reading, failed, out);
	else if (!failed)
		failed = chat_structured(cx, reply.body, out);
	out->first_token_ms = reply.first_ms;
	out->is_reused = reply.is_reused;
	if (!out->model)
		out->model = begun->model;
	return failed;
}

struct err *openai_chat_end(struct ctx *cx, struct chat_call *begun, struct chat_reply *out)
{
	struct err *e = read_answer(cx, begun, out);

	settle(begun, out, e);
	return e;
}
