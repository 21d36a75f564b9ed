/* openai_chat.h -- the chat protocol that Groq, OpenAI and most self-hosted servers share. */
#ifndef OPENAI_CHAT_H
#define OPENAI_CHAT_H

#include "thinking.h"

/* One server; its values come from an engine's settings. */
struct chat_service {
	const struct provider *provider;          /* who is paid */
	const char            *base_url, *prefix; /* as upstream_url() takes them */
	const char            *key;               /* NULL: no Authorization header */
	const char            *model;             /* the default */
	const char            *models;            /* comma list of what a caller may choose besides */
	const char            *max_tokens_name; /* "max_completion_tokens" or the older "max_tokens" */
	bool                   asks_usage;      /* send stream_options.include_usage */
};

/* Plain orders are streamed; an order with a schema is a forced tool call in one
 * piece. Errors as upstream_call() and chat_reading_end() say. */
struct err *openai_chat_begin(struct ctx *cx, const struct chat_service *service,
                              const struct chat_order *order, struct chat_call **out) CHECKED;
struct err *openai_chat_end(struct ctx *cx, struct chat_call *begun,
                            struct chat_reply *out) CHECKED;

/* The values of the settings of thinking: the order of engines and the limits all of
 * these servers share, in milliseconds. */
struct thinking_values {
	const char *providers;
	int64_t     connect_ms, first_token_ms, idle_ms, total_ms;
};
extern struct thinking_values thinking_values;

/* True when the caller may choose this model (default or listed). */
bool chat_model_allowed(const struct chat_service *service, const char *model);

#endif
