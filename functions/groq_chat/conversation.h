/* conversation.h -- the request of groq_chat, read and checked. */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include "../../common/web/input.h"
#include "../../common/engines/thinking.h"

#define MESSAGES_MAX      100
#define CONTENT_BYTES_MAX ((size_t)100 << 10) /* of all messages together */
#define SYSTEM_PROMPT_MAX 20000
#define MAX_TOKENS_MAX    4096
#define MODEL_MAX         200

extern const struct cfg_group conversation_settings;

struct in {
	const struct cJSON *messages;
	const char         *model, *systemPrompt, *session_id, *session_secret;
	struct maybe_number temperature;
	int64_t             max_tokens; /* 0: not said */
	bool                stream;
};

/* The body's members, each by itself. ERR_INPUT names the field. */
struct err *conversation_read(struct req *rq, struct in *out) CHECKED;

/* What a model is asked: the system prompt, if any, in front of the messages. Without a key the
 * caller's system prompts are left out, here and among the messages, unless a setting lets them in:
 * a session costs nothing, and whoever has one would have a model of their own.
 * ERR_INPUT names the element at fault ("messages[3].role"), ERR_TOO_LARGE when there
 * is too much content in all. */
struct err *conversation_order(struct ctx *cx, const struct in *in, bool has_key,
                               struct chat_order *out) CHECKED;

/* What the order's messages cost a model, about. */
int64_t conversation_tokens(const struct chat_order *order);

#endif
