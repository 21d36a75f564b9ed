/* thinking.h -- language models: Groq, OpenAI or compatible servers, the built-in responder. */
#ifndef THINKING_H
#define THINKING_H

#include "../domain/talk/chat.h"
#include "../domain/talk/reading.h"
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
	const char                *session; /* whose conversation it is; NULL: nobody knows */
	/* The mode's name for the built-in responder ("mentor"); NULL: "professional". */
	const char *mode;
	/* What the newest message does, for the same; NULL: it reads for itself. */
	const struct reading *reading;
	/* A forced structured answer: JSON schema and its name; NULL: plain text. */
	const char *schema_name;
	struct span schema;
	/* Each piece of text as it arrives, and an empty one when the thread has looked aside
	 * (ctx.aside) behind the first; false stops. NULL: whole answer only. */
	bool (*on_text)(struct span piece, void *data);
	void *data;
};

struct chat_reply {
	const char       *text; /* not empty; the JSON text when a schema was asked */
	const char       *model;
	struct chat_usage usage; /* about, when the engine did not say; zeros: it has none */
	unsigned          first_token_ms;
	bool              is_reused;       /* no connection was made for it */
	bool              is_unlike_given; /* on_text got a thought, as its end told too late */
};

/* An answer on its way, in the arena. */
struct chat_call;

/* Either completes at once (on this machine), or begins, which does not wait, and ends. */
struct llm_engine {
	struct provider p;
	struct err *(*complete)(struct ctx *cx, const struct chat_order *order, struct chat_reply *out);
	struct err *(*begin)(struct ctx *cx, const struct chat_order *order, struct chat_call **out);
	struct err *(*end)(struct ctx *cx, struct chat_call *begun, struct chat_reply *out);
};

/* The whole answer of one engine, whichever kind it is; for a chain's attempts. An error that
 * is_late came after on_text had been given a part: *out is what there was until then. */
struct err *llm_complete(struct provider *p, struct ctx *cx, const struct chat_order *order,
                         struct chat_reply *out) CHECKED;

/* The same in two steps, with an engine that is not on this machine. */
struct err *llm_begin(struct provider *p, struct ctx *cx, const struct chat_order *order,
                      struct chat_call **out) CHECKED;
struct err *llm_end(struct provider *p, struct ctx *cx, struct chat_call *begun,
                    struct chat_reply *out) CHECKED;

extern struct chain thinking;

/* What models are asked for; one may be good at this and not at that. */
enum thinking_for { THINKING_REPLY, THINKING_EXTRACT, THINKING_SUMMARY, THINKING_CHAT };

/* The order for a run: what is asked, and whose conversation it is about (NULL: nobody knows). */
struct chain thinking_about(enum thinking_for what, const char *session);

/* The same without the engine on this machine, which knows no structured answers. */
struct chain thinking_remote(enum thinking_for what, const char *session);

#endif
