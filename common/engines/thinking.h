/* thinking.h -- language models: Groq, OpenAI or compatible servers, the built-in responder. */
#ifndef THINKING_H
#define THINKING_H

#include "../domain/talk/chat.h"
#include "provider.h"

/* "system", "user", "assistant". */
const char *chat_role_name(enum chat_role role) NEVER_NULL;

struct chat_usage {
	int64_t prompt_tokens, completion_tokens;
};

struct chat_order {
	const struct chat_message *messages; /* system first, newest last */
	size_t                     n;
	const char                *model; /* one the engine allows; NULL or unknown: its default */
	double                     temperature;
	unsigned                   max_tokens;
	/* The mode's name for the built-in responder ("mentor"); NULL: "professional". */
	const char *mode;
	/* A forced structured answer: JSON schema and its name; NULL: plain text. */
	const char *schema_name;
	struct span schema;
	/* Each piece of text as it arrives; false stops. NULL: whole answer only. */
	bool (*on_text)(struct span piece, void *data);
	void *data;
};

struct chat_reply {
	const char       *text; /* not empty; the JSON text when a schema was asked */
	const char       *model;
	struct chat_usage usage; /* zeros when the engine did not say */
	unsigned          first_token_ms;
	/* The engine failed after on_text had been given a part: the text ends there. */
	bool is_truncated;
};

struct llm_engine {
	struct provider p;
	struct err *(*complete)(struct ctx *cx, const struct chat_order *order, struct chat_reply *out);
};

extern struct chain thinking;

/* The same order without the engine on this machine, which knows no structured answers. */
struct chain thinking_remote(void);

/* The next message, by the first engine that has one; errors as chain_run. */
struct err *think(struct ctx *cx, const struct chat_order *order, struct chat_reply *out,
                  struct chain_result *served_out) CHECKED;

#endif
