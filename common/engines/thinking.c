/* thinking.c -- the language models we know, in default order. */
#include "thinking.h"

#include "engines.h"
#include "openai_chat.h"

struct thinking_values thinking_values;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(thinking_values, providers, "LLM_PROVIDERS",
                 .help = "language models in order: groq, openai, builtin; "
                         "default: those with a key, then builtin"),
	CFG_KEY_INT(thinking_values, connect_ms, "LLM_CONNECT_MS", .fallback = "2000", .min = 50,
                .max = 60000, .help = "longest wait for a connection to a language model"),
	CFG_KEY_INT(thinking_values, first_token_ms, "LLM_FIRST_TOKEN_MS", .fallback = "3000",
                .min = 50, .max = 300000, .help = "longest wait for the first words of an answer"),
	CFG_KEY_INT(thinking_values, idle_ms, "LLM_IDLE_MS", .fallback = "3000", .min = 50,
                .max = 300000, .help = "longest silence inside an answer"),
	CFG_KEY_INT(thinking_values, total_ms, "LLM_TOTAL_MS", .fallback = "15000", .min = 100,
                .max = 600000, .help = "longest time for one whole answer"),
};
static const struct cfg_group order_settings = {"Thinking", &thinking_values, keys, COUNT(keys)};

static struct provider *const known[] = {&groq_llm.p, &openai_llm.p, &builtin_llm.p};

static const char *const operations[] = {
	[THINKING_REPLY] = "reply",
	[THINKING_EXTRACT] = "extract",
	[THINKING_SUMMARY] = "summary",
	[THINKING_CHAT] = "chat",
};
_Static_assert(COUNT(operations) <= OPERATIONS_MAX, "each has a breaker");

struct chain thinking = {
	.capability = "llm",
	.known = known,
	.known_n = COUNT(known),
	.settings = &order_settings,
	.wanted = &thinking_values.providers,
	.operations = operations,
	.operations_n = COUNT(operations),
};

static const struct llm_engine *engine_of(const struct provider *p)
{
	return (const struct llm_engine *)(const void *)p;
}

struct err *llm_begin(struct provider *p, struct ctx *cx, const struct chat_order *order,
                      struct chat_call **out)
{
	return engine_of(p)->begin(cx, order, out);
}

struct err *llm_end(struct provider *p, struct ctx *cx, struct chat_call *begun,
                    struct chat_reply *out)
{
	return engine_of(p)->end(cx, begun, out);
}

struct err *llm_complete(struct provider *p, struct ctx *cx, const struct chat_order *order,
                         struct chat_reply *out)
{
	struct chat_call *begun;

	*out = (struct chat_reply){0};
	if (engine_of(p)->complete)
		return engine_of(p)->complete(cx, order, out);
	TRY(llm_begin(p, cx, order, &begun));
	return llm_end(p, cx, begun, out);
}

const char *chat_role_name(enum chat_role role)
{
	static const char *const names[] = {"system", "user", "assistant"};

	return names[role];
}

struct chain thinking_about(enum thinking_for what, const char *session)
{
	struct chain about = thinking;

	about.operation = what;
	about.session = session;
	return about;
}

struct chain thinking_remote(enum thinking_for what, const char *session)
{
	struct chain remote = thinking_about(what, session);

	remote.order_n = 0;
	for (size_t i = 0; i < thinking.order_n; i++)
		if (!thinking.order[i]->is_local)
			remote.order[remote.order_n++] = thinking.order[i];
	return remote;
}
